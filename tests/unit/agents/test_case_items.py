"""What an agent sees of work on a case: its number, its subject, its customer, when it is due."""

from engine.agents.render import work_part
from engine.model.work import Requirement, WorkItem


def test_work_on_a_case_is_called_like_the_case() -> None:
    item = WorkItem(
        id="i",
        org_id="acme",
        kind="case",
        queue="sales",
        requirement=Requirement(),
        case_id="c",
        due_ms=1_800_000_000_000,
        attributes={"number": 12, "subject": "Broken kettle", "customer": "Kim Roe"},
    )
    part = work_part(item)
    assert (part.kind, part.reference) == ("case", "#12 Broken kettle")
    assert part.details == {
        "number": "12",
        "subject": "Broken kettle",
        "customer": "Kim Roe",
        "due": "2027-01-15T08:00:00.000Z",
    }
