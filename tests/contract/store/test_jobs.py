"""Jobs over many cases: what they were asked for stays, the mark moves once, failures are kept with it."""

from dataclasses import replace

import pytest

from engine.errors import NotFound
from engine.model.case import NewCase
from engine.model.job import ChosenCase, Job, JobFailure, JobKind, JobState
from engine.store.store import Store
from tests.contract.store.building import START_MS


def job(org: str, **changes: object) -> Job:
    made = Job(
        id="j1", org_id=org, kind=JobKind.BULK_EDIT, changes={"priority": 3}, why="W", agent_name="Ana",
        asked_by="u1", asked_ms=START_MS, cases=[ChosenCase(id="a", version=1), ChosenCase(id="b", version=2)], total=2,
    )  # fmt: skip
    return replace(made, id=f"{org}-{made.id}", **changes)  # type: ignore[arg-type]


async def test_a_job_is_kept_and_ends(store: Store, org: str) -> None:
    asked = job(org)
    await store.case_jobs.add(asked)
    first = await store.case_jobs.next(org)
    assert first == asked
    failure = JobFailure(number=1, case_id="a", reason="stale-version", detail="D")
    for _ in range(2):  # the second is of somebody who came late
        await store.case_jobs.advance(asked, mark=1, failures=[failure], now_ms=START_MS + 1)
    half = await store.case_jobs.next(org)
    assert half is not None
    assert (half.state, half.mark, half.done, half.failed) == (JobState.RUNNING, 1, 0, 1)
    await store.case_jobs.advance(half, mark=2, failures=[], now_ms=START_MS + 2)
    over = await store.case_jobs.get(org, asked.id)
    assert (over.state, over.done, over.failed, over.ended_ms) == (JobState.DONE, 1, 1, START_MS + 2)
    assert await store.case_jobs.next(org) is None
    assert await store.case_jobs.failures(org, asked.id, after_number=0, limit=10) == [failure]
    assert await store.case_jobs.failures(org, asked.id, after_number=1, limit=10) == []
    assert (await store.case_jobs.cancel(org, asked.id, now_ms=START_MS + 3)).state is JobState.DONE


async def test_a_cancelled_job_counts_what_was_in_hand(store: Store, org: str) -> None:
    asked = job(org)
    await store.case_jobs.add(asked)
    assert (await store.case_jobs.cancel(org, asked.id, now_ms=START_MS)).state is JobState.CANCELLED
    await store.case_jobs.advance(asked, mark=2, failures=[], now_ms=START_MS + 1)
    over = await store.case_jobs.get(org, asked.id)
    assert (over.state, over.done, over.ended_ms) == (JobState.CANCELLED, 2, START_MS)
    assert [one.id for one in await store.case_jobs.list(org, limit=5)] == [asked.id]
    for elsewhere in (store.case_jobs.get("other", asked.id), store.case_jobs.get(org, "none")):
        with pytest.raises(NotFound):
            await elsewhere


async def test_a_failure_names_the_case_by_its_number(store: Store, org: str) -> None:
    wanted = NewCase(org_id=org, subject="S", request_key="k", queue="sales")
    case = await store.cases.open(wanted, actor_id="", now_ms=START_MS)
    asked = job(org)
    await store.case_jobs.add(asked)
    failed = [JobFailure(number=n, case_id=ref, reason="r", detail="D") for n, ref in ((1, case.id), (2, "none"))]
    await store.case_jobs.advance(asked, mark=2, failures=failed, now_ms=START_MS)
    found = await store.case_jobs.failures(org, asked.id, after_number=0, limit=10)
    assert [one.case_number for one in found] == [case.number, 0]


async def test_cases_are_chosen_by_id(store: Store, org: str) -> None:
    new = NewCase(org_id=org, subject="Red kettle", request_key="a")
    made = await store.cases.open(new, actor_id="", now_ms=START_MS)
    by_id = await store.case_jobs.chosen(org, [made.id, "none", made.id], most=9)
    assert by_id == [ChosenCase(id=made.id, version=made.version), ChosenCase(id="none", version=0)]
