"""Named places between two systems where tests can kill, stall or fail the engine.

``CORDBOARD_FAILPOINTS="name=action[@n],…"`` arms them; the n-th pass (default: the first) acts.
Actions: ``kill`` (SIGKILL to this process, as a power cut would), ``raise`` (an Unavailable error), ``stop`` (SIGSTOP:
the whole process stands still until it gets SIGCONT).
A name that is not in ``NAMES`` is refused, so that a test cannot aim at a place that is gone.
With nothing armed a pass costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from engine.errors import InvalidInput, Unavailable

NAMES = frozenset(
    {
        "intake.before-commit",  # a message is in memory only
        "intake.after-commit",  # work item is pending in SQL, not on the board
        "intake.after-enqueue",  # on the board; the visitor was not told
        "sweep.after-read",  # pending items read, none enqueued
        "refusal.before-board",  # a queue would not have it, nobody knows
        "refusal.after-board",  # turned away on the board, pending in SQL
        "transcript.before-commit",  # a message is in memory only
        "transcript.after-commit",  # committed, neither acknowledged nor fanned out
        "transcript.after-publish",  # fanned out, not acknowledged
        "offer.before-accept",  # the agent said accept, the board does not know
        "offer.after-accept",  # active on the board, no assignment in SQL
        "offer.after-record",  # assignment in SQL, agent not told
        "end.after-board",  # ended on the board, not in SQL
        "wrapup.after-board",  # wrap-up over on the board, not in SQL
        "resume.after-board",  # parked work waits again on the board, not in SQL
        "transfer.after-board",  # back in a queue on the board, transcript not told
        "projector.before-commit",  # events read, nothing written
        "projector.after-commit",  # written with its cursor, stream not trimmed
        "reconcile.after-open",  # new epoch, board still empty
        "reconcile.after-assignments",  # assignments back, open items not
        "case.before-commit",  # a case is due, not written
        "case.after-commit",  # case in SQL, nobody told
        "casework.after-board",  # a command about a case's work item has its effect, the next was not looked for
        "casework.after-commit",  # a case's work item is pending in SQL, not on the board
        "approval.before-commit",  # somebody answered, nothing is written
        "approval.after-commit",  # answered, and what follows is done; he was not told
        "form.after-files",  # files of a submission are on the disk, and no row names them
        "form.after-hold",  # a submission is held in SQL; its sender was not told
        "form.after-release",  # it is a case in SQL, and still held
        "mail.after-blob",  # a mail's source is on the disk, and no row names it
        "mail.after-receive",  # it is on the record; who handed it over was not told
        "mail.before-file",  # a mail was read, its files are on the disk; its row says that nobody has read it
        "mail.after-file",  # a mail is in its case in SQL, its work not on the board
        "attachment.after-file",  # a file is on the disk, and no row names it
        "clerk.before-commit",  # signals and due timers read, nothing decided
        "clerk.after-commit",  # decided, outside effects not begun
        "merge.before-piece",  # a merge is in force, many of its rows point to the lost one
        "merge.after-piece",  # more of them are moved, and the role does not know
        "escalation.after-commit",  # escalated in SQL, board and supervisors not told
        "job.before-mark",  # some cases of a job are done, and the job does not know
        "import.after-file",  # a piece of an import's file is on the disk, and the record does not count it
        "import.before-slice",  # rows of an import are read, none is written
        "import.after-slice",  # rows are written with the mark, and the role does not know
        "effects.before-send",  # an outside effect is due, nothing was sent
        "effects.after-send",  # sent, which is not in SQL
        "mail.after-compose",  # a mail's source is on the disk, and no row names it
        "mail.before-send",  # a mail is claimed and composed, nothing was sent
        "mail.after-send",  # the relay has it, which is not in SQL
        "webhook.after-send",  # a receiver has taken messages, which is not in SQL
        "search.before-publish",  # words of new texts are in SQL, and nobody sees them
        "search.after-publish",  # seen; the indexer does not know
        "call.after-take",  # reports of a call are in SQL, their sender was not told, nor the board
        "call.before-board",  # an agent talks, as the record knows; the board does not
        "imap.after-take",  # mails of a mailbox are durable, and not marked there
        "imap.after-finish",  # marked, moved or deleted there, which is not in SQL
        "config.after-snapshot",  # snapshot in SQL, not applied to the board
    }
)


class Failpoints:
    """Hold what is armed; ``hit`` is called at each named place."""

    def __init__(self, armed: Mapping[str, tuple[str, int]]) -> None:
        self._armed = dict(armed)

    def rearm(self, armed: Mapping[str, tuple[str, int]]) -> None:
        """Hold what ``armed`` says, and nothing else."""
        self._armed = dict(armed)

    def hit(self, name: str) -> None:
        """Pass the place ``name``: act when armed and its count is reached, else do nothing.

        Raises Unavailable for the action ``raise``.
        """
        if name not in self._armed:
            return
        action, left = self._armed[name]
        if left > 1:
            self._armed[name] = (action, left - 1)
            return
        del self._armed[name]
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        raise Unavailable(f"failpoint {name} was armed to raise", slug="failpoint")


def parse_failpoints(text: str) -> Failpoints:
    """Read ``name=action[@n],…``; raise InvalidInput on an unknown name or action."""
    return Failpoints(_read(text))


def _read(text: str) -> dict[str, tuple[str, int]]:
    armed: dict[str, tuple[str, int]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, rest = part.partition("=")
        action, _, count = rest.partition("@")
        if name not in NAMES or action not in ("kill", "raise", "stop") or not (count or "1").isdigit():
            raise InvalidInput(
                f"failpoint {part!r} is not known",
                mend=f"Write name=kill or name=raise@2 with a name of: {', '.join(sorted(NAMES))}.",
            )
        armed[name] = (action, int(count or "1"))
    return armed


# A place in the code cannot be handed its failpoints without handing them through every signature on the way:
# this one instance is the process's own, empty unless a test armed it.
_active = parse_failpoints("")


def arm(text: str) -> None:
    """Arm the process's failpoints from ``text``; ``engine.app`` calls it once at start."""
    _active.rearm(_read(text))


def failpoint(name: str) -> None:
    """Pass the place ``name`` (see ``NAMES``)."""
    _active.hit(name)
