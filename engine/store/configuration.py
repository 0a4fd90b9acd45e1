"""Numbered snapshots of each organisation's configuration, and the users it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from engine.ids import NewId
from engine.model.organisation import AgentSetup
from engine.model.record import Snapshot
from engine.model.user import User
from engine.store.access import Access
from engine.store.cases.writes import ensure_organisation
from engine.store.rows import snapshot_of
from engine.store.tables import organisations, queue_targets, snapshots
from engine.store.users import upsert_configured


@dataclass(frozen=True, kw_only=True, slots=True)
class _Submission:
    """A configuration to keep."""

    org_id: str
    name: str
    digest: str
    compiled: bytes
    agents: Sequence[AgentSetup]
    targets: Mapping[str, int] | None
    author: str
    now_ms: int


class Configuration:
    """Keep configuration snapshots."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def latest(self, org_id: str) -> Snapshot | None:
        """Return the newest snapshot."""
        return await self._access.look(lambda conn: _latest(conn, org_id))

    async def put(
        self,
        org_id: str,
        *,
        name: str,
        digest: str,
        compiled: bytes,
        agents: Sequence[AgentSetup],
        author: str,
        now_ms: int,
        targets: Mapping[str, int] | None = None,
    ) -> Snapshot:
        """Keep a new snapshot and let its users be as configured; the newest one's ``digest`` changes no user.

        ``targets``: queue → time to answer within (milliseconds), for the segments opened from now on. Users that are
        no longer named stay; passwords are never touched. Idempotent.
        """
        submission = _Submission(
            org_id=org_id,
            name=name,
            digest=digest,
            compiled=compiled,
            agents=agents,
            targets=targets,
            author=author,
            now_ms=now_ms,
        )
        new_id = self._access.new_id
        return await self._access.write(org_id, lambda conn: _put(conn, submission, new_id))

    async def versions(self, org_id: str, limit: int = 100) -> list[Snapshot]:
        """Return snapshots, newest first."""
        query = select(snapshots).where(snapshots.c.org_id == org_id).order_by(snapshots.c.version.desc()).limit(limit)
        return await self._access.read(lambda conn: [snapshot_of(row) for row in conn.execute(query)])


def _latest(conn: Connection, org_id: str) -> Snapshot | None:
    row = conn.execute(
        select(snapshots).where(snapshots.c.org_id == org_id).order_by(snapshots.c.version.desc()).limit(1)
    ).first()
    return None if row is None else snapshot_of(row)


def _put(conn: Connection, submission: _Submission, new_id: NewId) -> Snapshot:
    org_id, now_ms = submission.org_id, submission.now_ms
    ensure_organisation(conn, org_id, now_ms)
    # The update is also the lock: two processes that start together keep one snapshot.
    conn.execute(update(organisations).where(organisations.c.org_id == org_id).values(name=submission.name))
    if submission.targets is not None:
        _set_targets(conn, org_id, submission.targets)
    latest = _latest(conn, org_id)
    if latest is not None and latest.digest == submission.digest:
        return latest
    for agent in submission.agents:
        wanted = User(id="", org_id=org_id, login=agent.login, name=agent.name, role=agent.role)
        upsert_configured(conn, wanted, new_id=new_id, now_ms=now_ms)
    snapshot = Snapshot(
        org_id=org_id,
        version=latest.version + 1 if latest is not None else 1,
        digest=submission.digest,
        compiled=submission.compiled,
        applied_ms=now_ms,
        name=submission.name,
        author=submission.author,
    )
    conn.execute(
        snapshots.insert(),
        {
            "org_id": org_id,
            "version": snapshot.version,
            "digest": snapshot.digest,
            "name": snapshot.name,
            "compiled": snapshot.compiled,
            "author": snapshot.author,
            "applied_ms": now_ms,
        },
    )
    return snapshot


def _set_targets(conn: Connection, org_id: str, targets: Mapping[str, int]) -> None:
    """Write the targets unless they are so; another version may have reckoned them otherwise from the same files."""
    query = select(queue_targets).where(queue_targets.c.org_id == org_id)
    if {row.queue: row.target_ms for row in conn.execute(query)} == dict(targets):
        return
    conn.execute(delete(queue_targets).where(queue_targets.c.org_id == org_id))
    for queue, target_ms in targets.items():
        conn.execute(queue_targets.insert(), {"org_id": org_id, "queue": queue, "target_ms": target_ms})
