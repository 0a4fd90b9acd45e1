"""E-mail channels, in the files."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.mail_channel import Late, Security, SeenMail
from tests.unit.config.conftest import Load, Refused

HEAD = "channels:\n  mail:\n    kind: email\n    name: Mail\n    queue: general\n    email:\n"
WHOLE = HEAD + (
    "      address: Help@Kettle.example\n"
    "      aliases: [tea@kettle.example]\n"
    "      from_by_queue: {general: general@kettle.example}\n"
    "      signature: {en: Yours, zh-CN: 您的}\n"
    "      late: follow_up\n"
    "      undo: 0s\n"
    "      acknowledgement: {text: {en: We have it., zh-CN: 已收到。}, every: 12h}\n"
    "      mailboxes:\n"
    "        box: {server: imap.example, login: help, secret: box, security: starttls, after: move, move_to: Done}\n"
    "      dkim_selector: s1\n"
    "      dkim_secret: dkim\n"
)


def test_an_email_channel_is_compiled(load_with: Load) -> None:
    organisation = unpack(pack(load_with({"channels.yaml": WHOLE})).compiled, version=1)
    channel = organisation.channels["mail"]
    email = channel.email
    assert email is not None
    assert channel.work_kind == "email"
    assert email.addresses == ("help@kettle.example", "tea@kettle.example", "general@kettle.example")
    assert (email.late, email.undo_ms, email.signatures["zh-CN"]) == (Late.FOLLOW_UP, 0, "您的")
    assert email.acknowledgement is not None
    assert (email.acknowledgement.every_ms, email.acknowledgements["en"]) == (43_200_000, "We have it.")
    (box,) = email.mailboxes
    assert (box.port, box.security, box.after, box.move_to) == (143, Security.STARTTLS, SeenMail.MOVE, "Done")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channels:\n  mail: {kind: email, name: M, queue: general}\n", "needs a section email"),
        (
            "channels:\n  web: {kind: chat, name: W, queue: general, email: {address: a@b.example}}\n",
            "a channel of kind chat has no addresses",
        ),
        (WHOLE.replace("dkim_secret", "relay"), "signing needs a selector and a key"),
        (WHOLE.replace(", move_to: Done", ""), "move_to belongs to after: move"),
        (WHOLE.replace("move_to: Done", "move_to: INBOX"), "moved to a folder that is taken"),
        (WHOLE.replace("{general: general@", "{none: general@"), "none"),
        (
            WHOLE + "  other: {kind: email, name: O, queue: general, email: {address: TEA@kettle.example}}\n",
            "tea@kettle.example is the address of channel mail already",
        ),
    ],
)
def test_what_does_not_fit_is_refused(refused: Refused, text: str, said: str) -> None:
    problems = refused({"channels.yaml": text})
    assert any(said in one for one in problems), problems
