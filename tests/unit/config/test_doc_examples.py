"""The examples of the routing documentation are valid, lint finds nothing bad in them, and their tables are right."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.config import schema
from engine.config.compile import compile_documents
from engine.config.durations import parse_duration
from engine.config.files import Document, parse
from engine.config.findings import Severity
from engine.config.lint import lint_documents
from engine.config.lints.skills import relaxed
from engine.model.organisation import CapacityProfile, Organisation
from engine.model.work import Requirement
from engine.skills.qualify import merge, qualifies
from tests.unit.config.conftest import SMALL

DOCS = Path(__file__).parents[3] / "docs"
ROUTING = DOCS / "explanation" / "routing.md"
BY_SKILL = DOCS / "how-to" / "route-by-skill.md"
COMMON = ("organisation.yaml", "statuses.yaml")
CHANNELS = "channels: {{web: {{kind: chat, name: Web, queue: {}}}}}\n"
PROFILES = "profiles: {standard: {units: 3, channels: {chat: {}}}}\n"
STATUSES = SMALL["statuses.yaml"].replace("[chat]", "[chat, email, voice]")


def merged(left: object, right: object) -> object:
    """Join what several fragments say of one thing."""
    if not isinstance(left, dict) or not isinstance(right, dict):
        return right
    return {**left, **{key: merged(left.get(key), value) for key, value in right.items()}}


def documents(path: Path, *more: str) -> list[Document]:
    """Return the fragments of YAML in ``path`` as one file, completed by ``more``."""
    blocks = re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    data: object = {}
    for text in [SMALL["organisation.yaml"], STATUSES, *more, *blocks]:
        data = merged(data, parse(path.name, text.encode()).data)
    assert isinstance(data, dict)
    return [Document(file=path.name, data=data, lines={})]


ALL = [
    pytest.param(documents(ROUTING, CHANNELS.format("sales")), id="explanation"),
    pytest.param(documents(BY_SKILL, CHANNELS.format("general"), PROFILES), id="how-to"),
]
SHOP = compile_documents(documents(ROUTING, CHANNELS.format("sales")))


@pytest.mark.parametrize("example", ALL)
def test_lint_finds_no_error(example: list[Document]) -> None:
    errors = [finding for finding in lint_documents(example) if finding.severity is Severity.ERROR]
    assert errors == []


def test_the_german_customer_of_the_how_to_needs_ben() -> None:
    organisation = compile_documents(ALL[1].values[0])  # type: ignore[arg-type]
    skills = merge(organisation.queues["support"].skills, *(rule.skills for rule in organisation.rules))
    assert skills == {"german": 5, "technical": 3}
    assert who(organisation, skills, ["support"]) == ["ben"]


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of the example table ``name``, without backquotes."""
    text = ROUTING.read_text(encoding="utf-8").split(f"<!-- example: {name} -->\n", 1)[1].split("\n\n", 1)[0]
    for line in text.splitlines()[2:]:
        yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def who(organisation: Organisation, skills: Mapping[str, int], queues: list[str]) -> list[str]:
    requirement = Requirement(skills=skills)
    return [
        login
        for login, agent in organisation.agents.items()
        if set(queues) & set(agent.queues) and qualifies(requirement, agent.skills)
    ]


def test_the_ranking_example() -> None:
    counted = []
    for item, key, waited, priority, counts_as, place in rows("ranking"):
        queue = SHOP.queues[key]
        points = queue.priority + int(priority)
        number = parse_duration(waited) + points * queue.priority_step_ms - queue.target_ms
        assert number == parse_duration(counts_as), item
        counted.append((-number, int(place)))
    assert [place for _, place in sorted(counted)] == [1, 2, 3, 4]


def test_the_relaxation_example() -> None:
    queue = SHOP.queues["support"]
    skills, queues = merge(queue.skills, {"german": 3}), [queue.key]
    stages = [(0, None), *((step.after_ms, step) for step in queue.relaxation)]
    table = list(rows("relaxation"))
    assert len(table) == len(stages)
    for (after, step), (waited, asks, looks_in, may) in zip(stages, table, strict=True):
        if step is not None:
            skills, queues = relaxed(skills, step), [*queues, *step.widen]
        assert parse_duration(waited) == after
        assert asks == ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items()))
        assert looks_in == ", ".join(queues)
        assert may == (", ".join(who(SHOP, skills, queues)) or "nobody")


def room(profile: CapacityProfile, held: Mapping[str, int], kind: str) -> int:
    return profile.units - sum(
        number * profile.channels[holding].weight
        for holding, number in held.items()
        if kind not in profile.channels[holding].interruptible_by
    )


def test_the_capacity_example() -> None:
    profile = SHOP.profiles["standard"]
    for holds, *rooms, may in rows("capacity"):
        held = {kind: int(number) for number, kind in re.findall(r"(\d) (\w+)", holds)}
        assert [int(number) for number in rooms] == [room(profile, held, kind) for kind in profile.channels]
        exclusive = any(profile.channels[kind].exclusive for kind in held)
        offered = [
            kind
            for kind, terms in profile.channels.items()
            if not exclusive
            and room(profile, held, kind) >= terms.weight
            and (not terms.maximum or held.get(kind, 0) < terms.maximum)
        ]
        assert may == (", ".join(offered) or "nothing"), holds


@pytest.mark.parametrize(
    "key",
    [
        *sorted(schema.QueueSection.model_fields.keys() - {"name", "escalate_priority", "service_level", "plan"}),
        *schema.CapacitySection.model_fields,
        *schema.RelaxationSection.model_fields,
        *schema.OverflowSection.model_fields,
        *schema.KindSection.model_fields,
        "fill_pace",
        "missed_offers",
        "missed_status",
        "lost_agent_grace",
        "lease",
        "rank",
    ],
)
def test_every_rule_of_routing_is_explained(key: str) -> None:
    assert re.search(rf"\b{key}\b", ROUTING.read_text(encoding="utf-8")), key
