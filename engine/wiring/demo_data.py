"""Fill an organisation with demo data: what its configuration names, who its agents are, where it was cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.config.snapshot import unpack
from engine.demo_data.loading import load, total
from engine.demo_data.scale import Scale
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.case_setup import CaseStatusKind, first_of
from engine.model.organisation import Organisation, Role
from engine.model.user import User
from engine.store.bulk import BulkJob
from engine.store.store import Store
from engine.wiring.demo_promises import play_of

MOST_CASES = 5_000_000

Advance = Callable[[int], None]


def job_of(cases: int, seed: int) -> str:
    """Return the name of the job that writes a data set, within its organisation."""
    return f"demo-data:{cases}:{seed}"


async def fill(
    store: Store,
    org_id: str,
    *,
    cases: int,
    now_ms: int,
    seed: int = 2026,
    anyway: bool = False,
    begin: Advance = lambda _: None,
    advance: Advance = lambda _: None,
    most: int | None = None,
) -> bool:
    """Write ``cases`` cases with everything around them; say whether all is there now.

    The same organisation, size and seed are the same data: what is there already is not written again, and what was
    cut off goes on. ``begin`` is told how much there is in all, ``advance`` how much of it was just written; ``most``
    chunks are written at most. Raises NotFound, InvalidInput, and Conflict where there are data already that are not
    from here, unless ``anyway``.
    """
    if not 1 <= cases <= MOST_CASES:
        raise InvalidInput(f"The size is from 1 to {MOST_CASES}.", field="size")
    snapshot = await store.configuration.latest(org_id)
    if snapshot is None:
        raise NotFound(f"organisation {org_id!r} has no configuration", slug="unknown-organisation")
    organisation = unpack(snapshot.compiled, version=snapshot.version)
    job = await _job(store, org_id, cases=cases, seed=seed, anyway=anyway, now_ms=now_ms)
    scale = _scale(organisation, await store.users.list(org_id), job.data, cases=cases, seed=seed)
    begin(total(scale))
    if job.ended:
        advance(total(scale))
        return True
    complete = await load(store.bulk, scale, job_id=job.id, begun=job.mark, advance=advance, most=most)
    if complete:
        await store.bulk.end(org_id, job.id, now_ms=now_ms)
    return complete


async def _job(store: Store, org_id: str, *, cases: int, seed: int, anyway: bool, now_ms: int) -> BulkJob:
    job_id = f"{org_id}:{job_of(cases, seed)}"
    known = await store.bulk.known(org_id, job_id)
    if known is not None:
        return known
    empty = await store.bulk.empty(org_id)
    if not empty and not anyway:
        raise Conflict(
            f"{org_id} has customers and cases of its own.",
            mend="Use another organisation or data directory; --anyway writes beside what is there.",
        )
    data = {"until_ms": now_ms, "tag": "" if empty else f"x{cases}-"}
    return await store.bulk.begin(org_id, job_id, data=data, total=cases, cases=cases, now_ms=now_ms)


def _statuses(organisation: Organisation) -> dict[str, str]:
    """Return what the organisation calls our statuses: its first one of each kind."""
    known = organisation.case_statuses
    return {kind.value: first_of(known, kind) or next(iter(known)) for kind in CaseStatusKind}


def _scale(organisation: Organisation, users: list[User], data: Mapping[str, Any], *, cases: int, seed: int) -> Scale:
    agents = [(one.id, one.name) for one in users if one.role is Role.AGENT and one.active]
    return Scale(
        org_id=organisation.id,
        cases=cases,
        until_ms=data["until_ms"],
        seed=seed,
        tag=data["tag"],
        first_number=data["first_number"],
        agents=agents or [(one.id, one.name) for one in users],
        queues=tuple(organisation.queues),
        plans=tuple(organisation.plans),
        plan_of={key: one.plan for key, one in organisation.queues.items() if one.plan in organisation.plans},
        play=play_of(organisation),
        statuses=_statuses(organisation),
        channels=tuple((key, one.kind) for key, one in organisation.channels.items() if not one.form)
        or (("web", "chat"),),
    )
