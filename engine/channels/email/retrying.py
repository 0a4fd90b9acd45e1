"""What comes of a relay's answers: who has the mail, who is tried again when, who is given up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.model.mail_record import OutgoingRecipient, RecipientState
from engine.model.mail_sending import Attempt
from engine.model.relay import FOR_GOOD

TAKEN = range(200, 300)
FIRST_MS = 60_000
LONGEST_MS = 4 * 3_600_000
"""RFC 5321, section 4.5.4.1: after the first tries no oftener than every two to three hours, for four to five days."""
GIVE_UP_MS = 5 * 86_400_000
SPREAD = 0.25
"""A wait is up to this part longer or shorter, so that what failed together is not tried together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a relay said of one recipient."""

    code: int  # 0 = nothing: the connection broke
    said: str = ""


def wait_ms(tries: int, chance: Callable[[], float]) -> int:
    """Return how long to wait after so many tries in vain: twice as long each time, up to four hours."""
    whole = min(LONGEST_MS, FIRST_MS * 2 ** min(tries - 1, 20))
    return int(whole * (1 - SPREAD + 2 * SPREAD * chance()))


def attempts_of(
    recipients: Sequence[OutgoingRecipient],
    replies: Mapping[str, Reply],
    *,
    since_ms: int,
    now_ms: int,
    give_up_ms: int,
    chance: Callable[[], float],
) -> list[Attempt]:
    """Return what came of a try for each recipient; ``since_ms``: when the mail was to go first."""
    found = []
    over = now_ms - since_ms >= give_up_ms
    for one in recipients:
        reply = replies.get(one.email, Reply(code=0, said="no answer"))
        state, next_ms, said = _outcome(reply, over=over, next_ms=now_ms + wait_ms(one.tries + 1, chance))
        found.append(Attempt(email=one.email, state=state, code=reply.code, said=said, next_ms=next_ms))
    return found


def _outcome(reply: Reply, *, over: bool, next_ms: int) -> tuple[RecipientState, int, str]:
    if reply.code in TAKEN:
        return RecipientState.SENT, 0, reply.said
    if reply.code >= FOR_GOOD:
        return RecipientState.FAILED, 0, reply.said
    if over:
        return RecipientState.FAILED, 0, f"given up; the last answer: {reply.said}"
    return RecipientState.WAITING, next_ms, reply.said
