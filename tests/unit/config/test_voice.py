"""What a voice channel is where its file says nothing."""

import pytest

from engine.config.voice_schema import CallSourceSection, VoiceSection
from engine.model.voice import PopAction, PopChoice, PopRules, Voice
from tests.unit.config.conftest import SMALL, Load, Refused


def test_a_voice_channel_is_patient_by_itself_as_its_noun_is() -> None:
    section = VoiceSection(sources={"pbx": CallSourceSection(kind="http", secret="pbx")})
    noun = Voice(sources={})
    assert (section.stale_ringing, section.stale_talking) == (noun.stale_ringing_ms, noun.stale_talking_ms)
    assert noun.stale_ringing_ms >= 1_800_000  # who waits in a queue so long is in the call still


def files(pop: str) -> dict[str, str]:
    """Return a configuration with a telephone whose screen pop is as given."""
    return {
        "profiles.yaml": SMALL["profiles.yaml"].replace("chat: {weight: 1}", "chat: {weight: 1}, voice: {}"),
        "statuses.yaml": SMALL["statuses.yaml"].replace("[chat]", "[chat, voice]"),
        "channels.yaml": SMALL["channels.yaml"].rstrip()
        + "\n  phone:\n    kind: voice\n    name: Phone\n    queue: general\n"
        + f"    voice: {{sources: {{pbx: {{secret: pbx}}}}, pop: {pop}}}\n",
    }


def rules(load_with: Load, pop: str) -> PopRules:
    voice = load_with(files(pop)).channels["phone"].voice
    assert voice is not None
    return voice.pop


def test_what_pops_is_as_configured(load_with: Load) -> None:
    assert rules(load_with, "{}") == PopRules()
    said = (
        "{case_number: [case], customer_number: [account], customer_source: crm, inbound: {none: url, one: case},"
        " outbound: {many: nothing}, url: 'https://crm.example/{given.account}?n={number}'}"
    )
    assert rules(load_with, said) == PopRules(
        case_number=("case",),
        customer_number=("account",),
        customer_source="crm",
        inbound=PopChoice(none=PopAction.URL, one=PopAction.CASE),
        outbound=PopChoice(many=PopAction.NOTHING),
        url="https://crm.example/{given.account}?n={number}",
    )


@pytest.mark.parametrize(
    ("pop", "expected"),
    [
        ("{customer_number: [account]}", "it is not said whose numbers these are"),
        ("{inbound: {one: url}}", "there is no url to open"),
        ("{url: 'javascript:alert(1)'}", "this is no address of a page"),
        ("{url: 'https://{given.host}/'}", "this is no address of a page"),
        ("{url: 'https://crm.example/{name}'}", "there is no placeholder {name}"),
        ("{outbound: {many: match}}", "channels.phone.voice.pop.outbound.many"),
    ],
)
def test_what_cannot_pop_is_refused(refused: Refused, pop: str, expected: str) -> None:
    assert any(expected in line for line in refused(files(pop)))
