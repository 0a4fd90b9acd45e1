"""What a notice by mail says is nobody's to write headers with."""

from email import message_from_bytes

from engine.cases.telling import message_of
from engine.model.casework import Effect, EffectKind, PendingEffect


def test_a_case_whose_subject_is_an_encoded_word_writes_no_header_of_its_own() -> None:
    subject = "=?utf-8?b?DQpYLUV2aWw6IDENCg0KSSBhbSB0aGUgYm9keQ==?="
    effect = Effect(
        id="e1", kind=EffectKind.EMAIL, data={"number": 1, "name": "Late", "subject": subject, "text": "See"}
    )
    pending = PendingEffect(effect=effect, org_id="tea", case_id="c1", created_ms=0)
    message = message_of(pending, sender="Tea <desk@tea.example>", addresses=["sue@tea.example"])
    sent = message_from_bytes(bytes(message))
    assert sent.keys() == message.keys()
    assert sent.get_payload() == "See\n"
