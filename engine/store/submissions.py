"""Submissions of web forms that are held aside until somebody has looked at them; what a form's token became."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, func, select

from engine.errors import Conflict, NotFound
from engine.model.conversation import Arrival
from engine.model.submission import KnownSubmission, Submission, SubmissionState
from engine.store.access import Access
from engine.store.cases.tables import cases
from engine.store.direct import first, run, scalar
from engine.store.json_text import dump, load_names
from engine.store.rows import AnyRow
from engine.store.submission_tables import form_secrets, submission_files, submissions
from engine.store.tables import entries, interactions
from engine.store.upsert import change, insert, insert_once

SECRET_BYTES = 32

_SECRET = select(form_secrets.c.secret).where(form_secrets.c.org_id == bindparam("org"))
_OF_TOKEN: Mapping[str, BindParameter[str]] = {
    "org_id": bindparam("org"),
    "channel": bindparam("on"),
    "token_hash": bindparam("key"),
}
_HELD: Select[Any] = select(submissions).where(*(submissions.c[name] == value for name, value in _OF_TOKEN.items()))
_TAKEN: Select[Any] = (
    select(entries.c.client_id, cases.c.number)
    .select_from(interactions)
    .join(entries, entries.c.interaction_id == interactions.c.id)
    .join(cases, cases.c.id == interactions.c.case_id, isouter=True)
    .where(*(interactions.c[name] == value for name, value in _OF_TOKEN.items()), entries.c.seq == 1)
)
_ONE: Select[Any] = select(submissions).where(
    submissions.c.id == bindparam("id"), submissions.c.org_id == bindparam("org")
)
_COUNT = select(func.count()).where(
    submissions.c.org_id == bindparam("org"),
    submissions.c.state == SubmissionState.HELD.value,
    submissions.c.channel == bindparam("on"),
)
_UNNAME = delete(submission_files).where(
    submission_files.c.submission_id == bindparam("id"), submission_files.c.org_id == bindparam("org")
)

SubmissionList = list[Submission]


class Submissions:
    """Keep what is held."""

    def __init__(self, *, access: Access) -> None:
        self._access = access
        self._secrets: dict[str, bytes] = {}

    async def secret(self, org_id: str) -> bytes:
        """Return the secret with which an organisation's forms are signed; the first call, anywhere, makes it."""
        known = self._secrets.get(org_id)
        if known is None:
            text = await self._access.look(lambda conn: scalar(conn, _SECRET, {"org": org_id}))
            if text is None:
                text = await self._access.write(org_id, lambda conn: _secret(conn, org_id))
            known = self._secrets[org_id] = bytes.fromhex(text)
        return known

    async def known(self, org_id: str, channel: str, key: str) -> KnownSubmission | None:
        """Return what became of a form's token; None: nothing yet."""
        of = {"org": org_id, "on": channel, "key": key}
        return await self._access.read(lambda conn: _known(conn, of))

    async def hold(self, submission: Submission, *, most: int) -> Submission:
        """Keep a submission aside, once per token; the one that was there first is returned.

        Raises Conflict (``too-many``) where a channel has ``most`` already.
        """
        return await self._access.write(submission.org_id, lambda conn: _hold(conn, submission, most))

    async def get(self, org_id: str, submission_id: str) -> Submission:
        """Return a submission; raise NotFound (``unknown-submission``)."""
        return await self._access.look(lambda conn: _submission(_row(conn, org_id, submission_id)))

    async def list(
        self, org_id: str, *, state: SubmissionState | None, channel: str, before: str, limit: int
    ) -> SubmissionList:
        """Return submissions, newest first, from behind the one called ``before``."""
        query = select(submissions).where(submissions.c.org_id == org_id).order_by(submissions.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(submissions.c.state == state.value)
        if channel:
            query = query.where(submissions.c.channel == channel)
        if before:
            query = query.where(submissions.c.id < before)
        return await self._access.read(lambda conn: [_submission(row) for row in conn.execute(query)])

    async def release(self, org_id: str, submission_id: str, *, case_id: str, actor_id: str, now_ms: int) -> Submission:
        """Note that a submission is a case now. Idempotent; raises NotFound.

        Its case is there, so that this holds even against a deletion in between.
        """
        decided = {"state": SubmissionState.RELEASED.value, "case_id": case_id}
        return await self._access.write(
            org_id, lambda conn: _decide(conn, (org_id, submission_id), decided, actor_id=actor_id, now_ms=now_ms)
        )

    async def delete(self, org_id: str, submission_id: str, *, actor_id: str, now_ms: int) -> Submission:
        """Throw the content of a held submission away; that there was one stays.

        Raises NotFound, Conflict (``already-decided``) for one that was released.
        """
        return await self._access.write(
            org_id, lambda conn: _delete(conn, (org_id, submission_id), actor_id=actor_id, now_ms=now_ms)
        )


def _secret(conn: Connection, org_id: str) -> str:
    insert_once(conn, form_secrets, {"org_id": org_id, "secret": secrets.token_hex(SECRET_BYTES)})
    text: str = scalar(conn, _SECRET, {"org": org_id})
    return text


def _known(conn: Connection, of: dict[str, str]) -> KnownSubmission | None:
    taken = first(conn, _TAKEN, of)
    if taken is not None:
        return KnownSubmission(digest=taken.client_id, number=taken.number or 0)
    held = first(conn, _HELD, of)
    return None if held is None else KnownSubmission(digest=held.digest)


def _hold(conn: Connection, one: Submission, most: int) -> Submission:
    arrival = one.arrival
    of = {"org": one.org_id, "on": one.channel, "key": arrival.token_hash}
    known = first(conn, _HELD, of)
    if known is not None:
        return _submission(known)
    if scalar(conn, _COUNT, of) >= most:
        raise Conflict(f"at most {most} submissions of a channel are held", slug="too-many")
    row = {
        "id": one.id,
        "org_id": one.org_id,
        "channel": one.channel,
        "token_hash": arrival.token_hash,
        "digest": arrival.client_id,
        "reasons": dump(one.reasons),
        "arrival": msgspec.json.encode(arrival).decode(),
        "state": one.state.value,
        "case_id": one.case_id,
        "decided_by": one.decided_by,
        "held_ms": one.held_ms,
        "decided_ms": one.decided_ms,
    }
    if not insert_once(conn, submissions, row):
        return _hold(conn, one, most)  # another process was first
    for position, file in enumerate(arrival.seed.files if arrival.seed else ()):
        named = {"submission_id": one.id, "position": position, "org_id": one.org_id, "sha256": file.sha256}
        insert(conn, submission_files, named)
    return one


def _row(conn: Connection, org_id: str, submission_id: str, *, lock: bool = False) -> AnyRow:
    row = first(conn, _ONE.with_for_update() if lock else _ONE, {"id": submission_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no submission {submission_id}", slug="unknown-submission")
    return row


def _delete(conn: Connection, where: tuple[str, str], *, actor_id: str, now_ms: int) -> Submission:
    row = _row(conn, *where, lock=True)
    if row.state == SubmissionState.RELEASED.value:
        raise Conflict("the submission is a case already", slug="already-decided", case_id=row.case_id)
    return _decide(conn, where, {"state": SubmissionState.DELETED.value}, actor_id=actor_id, now_ms=now_ms)


def _decide(
    conn: Connection, where: tuple[str, str], decided: dict[str, str], *, actor_id: str, now_ms: int
) -> Submission:
    """Write what became of it; the case has the content and the files, or nobody wants them."""
    row = _row(conn, *where, lock=True)
    if row.state == decided["state"]:
        return _submission(row)
    told = {**decided, "arrival": "", "decided_by": actor_id, "decided_ms": now_ms}
    change(conn, submissions, {"id": row.id}, told)
    run(conn, _UNNAME, {"id": row.id, "org": where[0]})
    return _submission(_row(conn, *where))


def _submission(row: AnyRow) -> Submission:
    if row.arrival:
        arrival = msgspec.json.decode(row.arrival, type=Arrival)
    else:
        arrival = Arrival(org_id=row.org_id, channel=row.channel, conversation_key=row.token_hash)
    return Submission(
        id=row.id,
        org_id=row.org_id,
        channel=row.channel,
        arrival=replace(arrival, token_hash=row.token_hash, client_id=row.digest),
        reasons=load_names(row.reasons),
        state=SubmissionState(row.state),
        held_ms=row.held_ms,
        decided_by=row.decided_by,
        decided_ms=row.decided_ms,
        case_id=row.case_id,
    )
