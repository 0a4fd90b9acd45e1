"""What hangs on a case, in SQL: those who follow it, its links, the files that are named on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, union

from engine.errors import Conflict, NotFound
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_parts import Attachment, CaseLink, Follower, LinkKind
from engine.model.form import ArrivingFile
from engine.store.access import Access
from engine.store.cases.tables import attachments, case_followers, case_links, cases
from engine.store.cases.writes import add_event, writable_case
from engine.store.conditions import HAS_CASE
from engine.store.customers.claims import tell_of_claim
from engine.store.customers.tables import assets, orders
from engine.store.direct import every, first, run, scalar
from engine.store.mail.tables import mail_files, mails, outgoing, outgoing_files
from engine.store.rows import AnyRow, case_of
from engine.store.submission_tables import submission_files
from engine.store.tables import users
from engine.store.upsert import insert, insert_once

MOST_FOLLOWERS = 200
MOST_LINKS = 200
MOST_ATTACHMENTS = 200
NAMING = (
    attachments.c.sha256,
    submission_files.c.sha256,
    mail_files.c.sha256,
    outgoing_files.c.sha256,
    mails.c.raw_sha256,
    outgoing.c.raw_sha256,
)
"""Columns that name files."""

_EXISTS = select(cases.c.id).where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"))
_USER: Select[Any] = select(users.c.id).where(users.c.id == bindparam("user"), users.c.org_id == bindparam("org"))
_FOLLOWERS = (
    select(case_followers)
    .where(case_followers.c.case_id == bindparam("case"), case_followers.c.org_id == bindparam("org"))
    .order_by(case_followers.c.since_ms, case_followers.c.user_id)
    .limit(MOST_FOLLOWERS)
)
_UNFOLLOW = delete(case_followers).where(
    case_followers.c.case_id == bindparam("case"),
    case_followers.c.user_id == bindparam("user"),
    case_followers.c.org_id == bindparam("org"),
)
_LINKS = (
    select(case_links)
    .where(case_links.c.case_id == bindparam("case"), case_links.c.org_id == bindparam("org"))
    .order_by(case_links.c.linked_ms, case_links.c.target_id)
    .limit(MOST_LINKS)
)
_UNLINK = delete(case_links).where(
    case_links.c.case_id == bindparam("case"),
    case_links.c.kind == bindparam("of"),
    case_links.c.target_id == bindparam("target"),
    case_links.c.org_id == bindparam("org"),
)
_TARGETS: Mapping[LinkKind, Select[Any]] = {
    LinkKind.CASE: select(cases.c.subject.label("name")).where(
        cases.c.id == bindparam("target"), cases.c.org_id == bindparam("org")
    ),
    LinkKind.ASSET: select(assets.c.name).where(
        assets.c.id == bindparam("target"), assets.c.org_id == bindparam("org")
    ),
    LinkKind.ORDER: select(orders.c.number.label("name")).where(
        orders.c.id == bindparam("target"), orders.c.org_id == bindparam("org")
    ),
}
_FILES = (
    select(attachments)
    .where(attachments.c.case_id == bindparam("case"), HAS_CASE, attachments.c.org_id == bindparam("org"))
    .order_by(attachments.c.id)
    .limit(MOST_ATTACHMENTS)
)
_COUNT = select(func.count()).where(attachments.c.case_id == bindparam("case"), HAS_CASE)
_FILE = select(attachments).where(attachments.c.id == bindparam("id"), attachments.c.org_id == bindparam("org"))
_SAME = _FILES.where(attachments.c.sha256 == bindparam("hash"), attachments.c.name == bindparam("name"))
_DROP = delete(attachments).where(attachments.c.id == bindparam("id"), attachments.c.org_id == bindparam("org"))

Links = list[CaseLink]
Followers = list[Follower]
Attachments = list[Attachment]


class CaseParts:
    """Keep what hangs on cases. Every method raises NotFound (``unknown-case``) without the case."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def followers(self, org_id: str, case_id: str) -> Followers:
        """Return who follows a case, in the order they began to."""
        return await self._access.read(lambda conn: _followers(conn, {"case": case_id, "org": org_id}))

    async def follow(self, org_id: str, case_id: str, user_id: str, *, now_ms: int) -> None:
        """Let a user follow a case. Idempotent; raises NotFound (``unknown-user``)."""
        await self._access.write(org_id, lambda conn: _follow(conn, (org_id, case_id), user_id, now_ms=now_ms))

    async def unfollow(self, org_id: str, case_id: str, user_id: str) -> None:
        """Let a user follow a case no more. Idempotent."""
        values = {"case": case_id, "user": user_id, "org": org_id}
        await self._access.write(org_id, lambda conn: run(conn, _UNFOLLOW, values).rowcount)

    async def links(self, org_id: str, case_id: str) -> Links:
        """Return what a case is linked to, in the order it was."""
        return await self._access.read(lambda conn: _links(conn, {"case": case_id, "org": org_id}))

    async def link(self, org_id: str, link: CaseLink) -> None:
        """Link a case to something; a related case is linked in turn. Idempotent; raises NotFound, Conflict."""
        new_id = self._access.new_id
        await self._access.write(org_id, lambda conn: write_link(conn, org_id, link, new_id=new_id))

    async def unlink(self, org_id: str, link: CaseLink) -> None:
        """Undo ``link``. Idempotent."""
        new_id = self._access.new_id
        await self._access.write(org_id, lambda conn: _unlink(conn, org_id, link, new_id=new_id))

    async def attachments(self, org_id: str, case_id: str) -> Attachments:
        """Return the files of a case, oldest first."""
        return await self._access.read(lambda conn: _files(conn, {"case": case_id, "org": org_id}))

    async def attachment(self, org_id: str, attachment_id: str) -> Attachment:
        """Return a file's row; raise NotFound (``unknown-attachment``)."""
        values = {"id": attachment_id, "org": org_id}
        return await self._access.look(lambda conn: _attachment(first(conn, _FILE, values), attachment_id))

    async def attach(self, attachment: Attachment) -> Attachment:
        """Name a file on a case; the same content under the same name is there once. Idempotent by that.

        Raises NotFound, Conflict (``too-many``).
        """
        new_id = self._access.new_id
        return await self._access.write(attachment.org_id, lambda conn: _attach(conn, attachment, new_id=new_id))

    async def detach(self, org_id: str, attachment_id: str, *, actor_id: str, now_ms: int) -> None:
        """Take a file off its case; raise NotFound."""
        new_id = self._access.new_id
        await self._access.write(
            org_id,
            lambda conn: _detach(conn, (org_id, attachment_id), actor_id=actor_id, new_id=new_id, now_ms=now_ms),
        )

    async def named(self, hashes: Sequence[str]) -> frozenset[str]:
        """Return those of ``hashes`` that some row of any organisation names."""
        wanted = list(hashes)
        query = union(*(select(column).where(column.in_(wanted)) for column in NAMING))
        return await self._access.read(lambda conn: frozenset(conn.execute(query).scalars()))


def _require(conn: Connection, of: Mapping[str, str]) -> None:
    if first(conn, _EXISTS, of) is None:
        raise NotFound(f"there is no case {of['case']}", slug="unknown-case")


def _locked(conn: Connection, org_id: str, case_id: str) -> Case:
    return case_of(writable_case(conn, org_id, case_id))


def _followers(conn: Connection, of: Mapping[str, str]) -> Followers:
    _require(conn, of)
    return [Follower(user_id=row.user_id, since_ms=row.since_ms) for row in every(conn, _FOLLOWERS, of)]


def _follow(conn: Connection, where: tuple[str, str], user_id: str, *, now_ms: int) -> None:
    org_id, case_id = where
    of = {"case": case_id, "org": org_id}
    _locked(conn, org_id, case_id)
    if first(conn, _USER, {"user": user_id, "org": org_id}) is None:
        raise NotFound(f"there is no user {user_id}", slug="unknown-user")
    if len(every(conn, _FOLLOWERS, of)) >= MOST_FOLLOWERS:
        raise Conflict(f"a case has at most {MOST_FOLLOWERS} followers", slug="too-many")
    row = {"case_id": case_id, "user_id": user_id, "org_id": org_id, "since_ms": now_ms}
    insert_once(conn, case_followers, row)


def _links(conn: Connection, of: Mapping[str, str]) -> Links:
    _require(conn, of)
    return [
        CaseLink(
            case_id=row.case_id,
            kind=LinkKind(row.kind),
            target_id=row.target_id,
            name=scalar(conn, _TARGETS[LinkKind(row.kind)], {"target": row.target_id, "org": of["org"]}) or "",
            linked_by=row.linked_by,
            linked_ms=row.linked_ms,
        )
        for row in every(conn, _LINKS, of)
    ]


def write_link(conn: Connection, org_id: str, link: CaseLink, *, new_id: NewId) -> None:
    """Link a case to something; a related case is linked in turn. Idempotent; raises NotFound, Conflict."""
    for side in _sides(link):
        case = _locked(conn, org_id, side.case_id)
        if first(conn, _TARGETS[side.kind], {"target": side.target_id, "org": org_id}) is None:
            raise NotFound(f"there is no {side.kind} {side.target_id}", slug=f"unknown-{side.kind}")
        if len(every(conn, _LINKS, {"case": case.id, "org": org_id})) >= MOST_LINKS:
            raise Conflict(f"a case has at most {MOST_LINKS} links", slug="too-many")
        row = {
            "case_id": case.id,
            "kind": side.kind.value,
            "target_id": side.target_id,
            "org_id": org_id,
            "linked_by": link.linked_by,
            "linked_ms": link.linked_ms,
        }
        if insert_once(conn, case_links, row):
            _tell(conn, case, "linked", side, new_id=new_id)
            _tell_of_asset(conn, case, side, new_id=new_id)


def _unlink(conn: Connection, org_id: str, link: CaseLink, *, new_id: NewId) -> None:
    for side in _sides(link):
        case = _locked(conn, org_id, side.case_id)
        values = {"case": case.id, "of": side.kind.value, "target": side.target_id, "org": org_id}
        if run(conn, _UNLINK, values).rowcount:
            _tell(conn, case, "unlinked", side, new_id=new_id)
            _tell_of_asset(conn, case, side, new_id=new_id)


def _tell_of_asset(conn: Connection, case: Case, link: CaseLink, *, new_id: NewId) -> None:
    """What a case is about may promise it something."""
    if link.kind is LinkKind.ASSET:
        tell_of_claim(conn, case, {"assets": link.target_id}, new_id=new_id, now_ms=link.linked_ms)


def _sides(link: CaseLink) -> list[CaseLink]:
    """Return a link and, between cases, its other half; in one order, so that two who link wait for no circle."""
    if link.kind is not LinkKind.CASE:
        return [link]
    if link.case_id == link.target_id:
        raise Conflict("a case is not related to itself", slug="case-circle")
    other = CaseLink(
        case_id=link.target_id,
        kind=link.kind,
        target_id=link.case_id,
        linked_by=link.linked_by,
        linked_ms=link.linked_ms,
    )
    return sorted((link, other), key=lambda side: side.case_id)


def _tell(conn: Connection, case: Case, kind: str, link: CaseLink, *, new_id: NewId) -> None:
    data = {"kind": link.kind.value, "target_id": link.target_id}
    add_event(conn, case, kind=kind, data=data, new_id=new_id, actor_id=link.linked_by, now_ms=link.linked_ms)


def _files(conn: Connection, of: Mapping[str, str]) -> Attachments:
    _require(conn, of)
    return [_attachment(row, "") for row in every(conn, _FILES, of)]


def _attachment(row: AnyRow | None, attachment_id: str) -> Attachment:
    if row is None:
        raise NotFound(f"there is no attachment {attachment_id}", slug="unknown-attachment")
    return Attachment(
        id=row.id,
        org_id=row.org_id,
        case_id=row.case_id,
        name=row.name,
        media_type=row.media_type,
        size=row.bytes,
        sha256=row.sha256,
        public=bool(row.public),
        added_by=row.added_by,
        added_ms=row.added_ms,
    )


def _attach(conn: Connection, one: Attachment, *, new_id: NewId) -> Attachment:
    case, of = _locked(conn, one.org_id, one.case_id), {"case": one.case_id, "org": one.org_id}
    same = first(conn, _SAME, {**of, "hash": one.sha256, "name": one.name})
    if same is not None:
        return _attachment(same, "")
    if scalar(conn, _COUNT, {"case": case.id}) >= MOST_ATTACHMENTS:
        raise Conflict(f"a case has at most {MOST_ATTACHMENTS} attachments", slug="too-many")
    name_file(conn, case, one, new_id=new_id)
    return one


def name_arriving(
    conn: Connection, case: Case, files: Sequence[ArrivingFile], *, interaction_id: str, new_id: NewId
) -> None:
    """Name what the customer sent along on the case that was just opened for it."""
    for file in files:
        one = Attachment(
            id=new_id(),
            org_id=case.org_id,
            case_id=case.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            public=True,
            added_ms=case.opened_ms,
        )
        name_file(conn, case, one, new_id=new_id, interaction_id=interaction_id)


def name_file(conn: Connection, case: Case, one: Attachment, *, new_id: NewId, interaction_id: str = "") -> None:
    """Insert a file's row on a locked or a new case, with the line of its history."""
    row = {
        "id": one.id,
        "org_id": one.org_id,
        "case_id": case.id,
        "interaction_id": interaction_id,
        "name": one.name,
        "media_type": one.media_type,
        "bytes": one.size,
        "sha256": one.sha256,
        "public": int(one.public),
        "added_by": one.added_by,
        "added_ms": one.added_ms,
    }
    insert(conn, attachments, row)
    data = {"attachment_id": one.id, "name": one.name, "bytes": one.size, "public": one.public}
    add_event(conn, case, kind="attached", data=data, new_id=new_id, actor_id=one.added_by, now_ms=one.added_ms)


def _detach(conn: Connection, where: tuple[str, str], *, actor_id: str, new_id: NewId, now_ms: int) -> None:
    one = _attachment(first(conn, _FILE, {"id": where[1], "org": where[0]}), where[1])
    case = _locked(conn, one.org_id, one.case_id)
    if run(conn, _DROP, {"id": one.id, "org": one.org_id}).rowcount:
        data = {"attachment_id": one.id, "name": one.name}
        add_event(conn, case, kind="detached", data=data, new_id=new_id, actor_id=actor_id, now_ms=now_ms)
