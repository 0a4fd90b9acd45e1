"""What is valid and yet cannot work well is found, with its line; what works well is left alone."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.config.findings import Severity
from engine.config.lint import CHECKS, lint
from engine.config.samples import demo_directory, starter_directory
from engine.errors import ConfigurationError
from tests.unit.config.conftest import write

Lint = Callable[[Mapping[str, str]], list[str]]

WATCHED = "    escalate_after: 1m\n"
GENERAL = "queues:\n  general:\n    name: General\n" + WATCHED
SALES = "  sales:\n    name: Sales\n" + WATCHED
BOTH = "agents: {ana: {name: A, profile: standard, skills: {english: 5}, queues: [general, sales]}}\n"
CASE_STATUSES = (
    "case_statuses:\n  new: {name: N, kind: new, to: [busy, done]}\n"
    "  busy: {name: B, kind: open, to: [done]}\n  done: {name: D, kind: closed, to: [busy]}\n"
)
TO_SALES = "rules: [{name: R, when: {topics: [order]}, then: {queue: sales}}]\n"
ESCALATIONS = """
escalations:
  a:
    name: A
    when: { queue: general }
    trigger: { milestone: { key: resolution } }
    steps: [{ actions: [{ move: sales }, { notify: { email: [ana] } }] }]
  b:
    name: B
    when: { queue: [sales] }
    trigger: { tier: [gold] }
    steps: [{ actions: [{ assign: { queue: general } }] }]
"""
PRIORITY = "{{key: {}, name: N, on: [changed: priority], when: {{priority: {}}}, actions: [set_priority: {}]}}"
UNCALLED = """escalations:
  a: { name: A, trigger: { action: true }, steps: [{ actions: [{ raise_priority: 1 }] }] }
"""
ODD_RULES = f"automation:\n- {PRIORITY.format('a', 2, 1)}\n- {PRIORITY.format('b', 1, 2)}\n"
ALWAYS = "{key: a, name: A, on: [opened, changed], actions: [move: general], stop: true}"
BEHIND = f"automation:\n- {ALWAYS}\n- {{key: b, name: B, on: [changed: priority], actions: [move: general]}}\n"
TWO = "{queue: general, all: [{queue: sales}]}"
NEVER = f"automation:\n- {{key: a, name: A, on: opened, when: {TWO}, actions: [move: sales]}}\n"
UNPROMISED = "automation:\n- {key: a, name: A, on: [milestone_met: resolution], actions: [move: general]}\n"


@pytest.fixture
def found(tmp_path: Path) -> Lint:
    """Lint the small organisation with some files replaced: a line for each finding."""

    def run(files: Mapping[str, str]) -> list[str]:
        write(tmp_path, {"queues.yaml": GENERAL, **files})
        return [f"{each.severity} {each.check} {each.problem}" for each in lint(tmp_path)]

    return run


def test_what_works_well_is_left_alone(found: Lint) -> None:
    assert found({}) == []


def test_nothing_but_a_note_is_found_in_the_samples() -> None:
    assert lint(starter_directory()) == []
    (note,) = lint(demo_directory())
    assert (note.severity, note.check, note.problem.file) == (Severity.NOTE, "skill-nobody-has", "rules.yaml")


def test_mistakes_are_refused_as_ever(found: Lint) -> None:
    with pytest.raises(ConfigurationError, match="one chat weighs 3, more than all 2 units"):
        found(profile(2, "{chat: {weight: 3}}"))
    with pytest.raises(ConfigurationError, match="there is no queue 'gone'"):
        found({"queues.yaml": GENERAL + "    relaxation: [{after: 1m, widen: [gone]}]\n"})


NO_CHAT = "statuses:\n  available: {name: Available, kind: available}\n  offline: {name: Offline, kind: offline}\n"


def profile(units: int, channels: str) -> dict[str, str]:
    return {"profiles.yaml": f"profiles:\n  standard:\n    units: {units}\n    channels: {channels}\n"}


APPROVALS = """approvals:
  refund: {name: Refund, steps: [
    {by: ['role:admin']},
    {by: [ana]}]}
"""
CASES = [
    pytest.param(
        {"queues.yaml": GENERAL + SALES, "agents.yaml": BOTH},
        "warning queue-out-of-reach queues.yaml:5: nothing leads to queue 'sales'",
        id="queue out of reach",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + SALES, "rules.yaml": TO_SALES},
        "error queue-without-agents queues.yaml:5: no agent is a member of queue 'sales'",
        id="queue without agents",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + SALES},
        "warning queue-without-agents queues.yaml:5: no agent",
        id="queue without agents nor work",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL
            + "    limit_items: 5\n    overflow: {full: {to: sales}}\n"
            + SALES
            + "    overflow:\n      closed: {to: general}\n",
            "agents.yaml": BOTH,
        },
        "error overflow-circle queues.yaml:6: overflow goes in a circle: general → sales → general",
        id="overflow circle",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    relaxation:\n    - after: 1m\n      widen: [sales]\n" + SALES},
        "warning widens-to-nobody queues.yaml:7: queue 'sales' has no agents",
        id="widens to nobody",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    skills: {english: 6}\n"},
        "error skill-nobody-has queues.yaml:5: nobody in queue 'general' has english 6, which queue 'general' asks for "
        "(the highest there: english 5)",
        id="queue's skill",
    ),
    pytest.param(
        {"rules.yaml": "rules:\n- name: R\n  then:\n    skills: {english: 6}\n"},
        "error skill-nobody-has rules.yaml:4: nobody in queue 'general' has english 6, which rule 'R' asks for",
        id="rule's skill",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL
            + "    skills: {english: 9}\n    relaxation:\n    - {after: 30s, lower: {english: 3}}\n"
        },
        "error skill-nobody-has queues.yaml:5: nobody in queue 'general' has english 9",
        id="skill after relaxation",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL
            + "    skills: {english: 9}\n    relaxation:\n    - {after: 30s, lower: {english: 4}}\n"
        },
        "note skill-nobody-has queues.yaml:5: nobody in queue 'general' has english 9, which queue 'general' asks for; "
        "only after 30s somebody qualifies",
        id="skill only after relaxation",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL
            + "    skills: {english: 5}\n    limit_items: 1\n    overflow:\n      full: {to: sales}\n"
            + SALES,
            "agents.yaml": "agents:\n  ana: {name: A, profile: standard, skills: {english: 5}, queues: [general]}\n"
            "  ben: {name: B, profile: standard, queues: [sales]}\n",
        },
        "error skill-nobody-has queues.yaml:8: nobody in queue 'sales' has english 5, which overflow of queue",
        id="skill after overflow",
    ),
    pytest.param(
        {"rules.yaml": "rules:\n- name: R\n  then:\n    preferred_skills: {english: 6}\n"},
        "warning preferred-skill-nobody-has rules.yaml:4: nobody in queue 'general' has english 6, so work waits 30s",
        id="preferred skill",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    skills: {english: 6}\n    overflow: {unstaffed: message}\n"},
        "note skill-nobody-has queues.yaml:5: nobody in queue 'general' has english 6, which queue 'general' asks for, "
        "so it always leaves the queue: overflow.unstaffed.",
        id="skill nobody has, but work leaves",
    ),
    pytest.param(
        {"channels.yaml": "channels: {web: {kind: chat, name: W, queue: general}}\n", "statuses.yaml": NO_CHAT},
        "error kind-no-status-takes channels.yaml:1: no status takes chat, so nobody is ever offered what comes",
        id="channel no status takes",
    ),
    pytest.param(
        profile(3, "{chat: {}, email: {}}"),
        "warning kind-no-status-takes profiles.yaml:4: no status takes email",
        id="kind no status takes",
    ),
    pytest.param(
        profile(3, "{email: {}}"),
        "error kind-no-agent-takes channels.yaml:2: nobody in queue 'general' has capacity for chat, which comes",
        id="kind no agent takes",
    ),
    pytest.param(
        profile(3, "{chat: {weight: 2, maximum: 2}}"),
        "note maximum-out-of-reach profiles.yaml:4: 2 chat never fit: 3 units hold 1. Set maximum: 1, or more units.",
        id="maximum out of reach",
    ),
    pytest.param(
        profile(3, "{chat: {parked_weight: 1, parked_maximum: 3}}"),
        "warning parked-above-capacity profiles.yaml:4: parked chat alone may fill all 3 units. Set parked_maximum",
        id="parked work fills an agent",
    ),
    pytest.param(
        profile(9, "{chat: {parked_weight: 2, parked_maximum: 1}}"),
        "warning parked-above-capacity profiles.yaml:4: parked chat weighs 2, active chat only 1",
        id="parked work weighs more",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    hours: h\nhours: {h: {}}\n"},
        "error never-open queues.yaml:5: queue 'general' is never open",
        id="never open",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL + "hours: {h: {exceptions: {2026-01-01: []}}}\n"
            "plans:\n  p: {name: P, hours: h, milestones: {resolution: 1h}}\n"
        },
        "error never-open queues.yaml:7: nothing is ever due by plan 'p', whose hours never open",
        id="never due",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    required_wait: 0s\n"},
        "warning required-without-bound queues.yaml:5: an item of queue 'general' that requires an agent waits for",
        id="required without bound",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    wrapup_mode: manual\n"},
        "warning wrapup-without-bound queues.yaml:5: a wrap-up in queue 'general' that is forgotten",
        id="wrap-up without bound",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    overflow:\n      unstaffed: wait\n"},
        "note unstaffed-without-bound queues.yaml:6: queue 'general' takes work in when nobody is there",
        id="taken in when nobody is there, supervisors alerted",
    ),
    pytest.param(
        {"queues.yaml": "queues:\n  general:\n    name: G\n    overflow:\n      unstaffed: wait\n"},
        "warning unstaffed-without-bound queues.yaml:5: queue 'general' takes work in when nobody is there",
        id="taken in when nobody is there",
    ),
    pytest.param(
        {"queues.yaml": "queues:\n  general:\n    name: G\n"},
        "warning unwatched-wait queues.yaml:2: work may wait in queue 'general' for ever, and nobody is told",
        id="unwatched wait",
    ),
    pytest.param(
        profile(4, "{chat: {}, voice: {weight: 4}}"),
        "warning heavy-starves profiles.yaml:4: voice may wait for ever behind chat in queues without hold_room_after: "
        "general. Set hold_room_after",
        id="heavy starves",
    ),
    pytest.param(
        profile(4, "{chat: {}, email: {needs_empty: true}}"),
        "warning heavy-starves profiles.yaml:4: email may wait for ever behind chat",
        id="what needs an empty agent starves",
    ),
    pytest.param(
        {
            "queues.yaml": GENERAL + SALES,
            "rules.yaml": TO_SALES,
            "agents.yaml": "agents: {ana: {name: A, profile: standard, queues: [general, {queue: sales, rank: 2}]}}\n",
        },
        "warning outranked-queue queues.yaml:5: every agent of queue 'sales' takes all work of other queues first",
        id="outranked queue",
    ),
    pytest.param(
        {"queues.yaml": "queues:\n  general:\n    name: G\n    ranking: priority_then_age\n"},
        "warning strict-priority queues.yaml:4: work without priority waits in queue 'general' while work with",
        id="strict priority",
    ),
    pytest.param(
        {"cases.yaml": CASE_STATUSES + "  lost: {name: L, kind: open}\n"},
        "warning status-out-of-reach cases.yaml:5: no case can come into status 'lost'",
        id="status out of reach",
    ),
    pytest.param(
        {
            "cases.yaml": CASE_STATUSES.replace("[busy, done]", "[busy, stuck, done]")
            + "  stuck: {name: S, kind: waiting, to: []}\n"
        },
        "error status-without-end cases.yaml:5: a case in status 'stuck' can never be over",
        id="status without end",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    limit_items: 9\n    overflow: {full: wait}\n"},
        "warning limit-without-effect queues.yaml:5: limit_items keeps nothing out: overflow.full is wait",
        id="limit without effect",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    overflow:\n      wait: callback\n"},
        "warning overflow-without-limit queues.yaml:6: overflow.wait never happens: the queue has no limit_wait. Set",
        id="overflow without limit",
    ),
    pytest.param(
        {"queues.yaml": GENERAL + "    ranking: due\n"},
        "warning due-without-target queues.yaml:5: items of queue 'general' without a due time of their own",
        id="due without target",
    ),
    *(
        pytest.param({"approvals.yaml": APPROVALS}, expected, id=expected[6:30])
        for expected in (
            "error approval-nobody-gives approvals.yaml:3: nobody is there to say yes. Name somebody, or give",
            "note approval-nobody-gives approvals.yaml:4: only 'ana' can say yes, who cannot when he asks himself",
            "note approval-never-needed approvals.yaml:2: nothing needs this approval. Add changes or macros, unless",
        )
    ),
    *(
        pytest.param({"queues.yaml": GENERAL + SALES, "escalations.yaml": ESCALATIONS}, expected, id=expected[8:30])
        for expected in (
            "warning escalation-circle escalations.yaml:3: cases may be moved in a circle: general → sales → general",
            "warning escalation-never-begins escalations.yaml:6: no plan promises the milestone 'resolution', so that",
            "warning mail-without-address escalations.yaml:7: 'ana' has no address. Add an email to the agent.",
        )
    ),
    pytest.param(
        {"escalations.yaml": UNCALLED},
        "warning escalation-never-begins escalations.yaml:2: no automation rule and no macro begins it. Give one the",
        id="begun by nothing",
    ),
    pytest.param(
        {"automation.yaml": ODD_RULES},
        "warning automation-at-odds automation.yaml:2: rules undo each other's work on priority: 1 ('a') → 2 ('b').",
        id="rules at odds",
    ),
    pytest.param(
        {"automation.yaml": BEHIND},
        "warning automation-out-of-reach automation.yaml:3: 'a' stands before it and always stops, so that 'b'",
        id="behind a rule that stops",
    ),
    pytest.param(
        {"automation.yaml": NEVER, "queues.yaml": GENERAL + SALES},
        "warning automation-never-fires automation.yaml:2: what 'a' asks of 'queue' is never so at once.",
        id="asks for two queues",
    ),
    pytest.param(
        {"automation.yaml": UNPROMISED},
        "warning automation-never-fires automation.yaml:2: no plan promises what 'a' listens to, so that it never",
        id="milestone of no plan",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_findings(found: Lint, files: dict[str, str], expected: str) -> None:
    lines = found(files)
    assert any(line.startswith(expected) for line in lines), lines


def test_every_check_has_a_case() -> None:
    assert {str(case.values[1]).split()[1] for case in CASES} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_in_the_reference(check: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert f"| `{check}` |" in text


def test_a_queue_that_work_leaves_needs_no_agents(found: Lint) -> None:
    sales = SALES + "    overflow: {unstaffed: {to: general}}\n"
    assert found({"queues.yaml": GENERAL + sales, "rules.yaml": TO_SALES}) == []


def test_two_rules_together(found: Lint) -> None:
    rules = (
        "rules:\n- {name: A, when: {languages: [en]}, then: {skills: {english: 2}}, final: false}\n"
        "- {name: B, when: {topics: [order]}, then: {queue: sales}}\n"
    )
    agents = (
        "agents:\n  ana: {name: A, profile: standard, skills: {english: 5}, queues: [general]}\n"
        "  ben: {name: B, profile: standard, queues: [sales]}\n"
    )
    lines = found({"queues.yaml": GENERAL + SALES, "rules.yaml": rules, "agents.yaml": agents})
    expected = (
        "error skill-nobody-has rules.yaml:2: nobody in queue 'sales' has english 2, which rule 'A' with rule 'B'"
    )
    assert len(lines) == 1
    assert lines[0].startswith(expected), lines


def test_rules_that_cannot_meet_are_not_joined(found: Lint) -> None:
    skills = "skills: {english: {name: E}, german: {name: G}}\n"
    agents = (
        "agents:\n  ana: {name: A, profile: standard, skills: {english: 5}, queues: [general]}\n"
        "  ben: {name: B, profile: standard, skills: {german: 5}, queues: [general]}\n"
    )
    rule = "- {{name: {0}, when: {{languages: [{0}]}}, then: {{skills: {{{1}: 2}}}}, final: false}}\n"
    files = {"skills.yaml": skills, "agents.yaml": agents}
    rules = "rules:\n" + rule.format("en", "english") + rule.format("de", "german")
    assert found({**files, "rules.yaml": rules}) == []
    rules = rules.replace("languages: [de]", "keywords: [kaputt]")
    (line,) = found({**files, "rules.yaml": rules})
    assert (
        "has english 2, german 2, which rule 'en' with rule 'de' asks for (each skill is there, but not in one" in line
    )


def test_what_interrupts_does_not_starve(found: Lint) -> None:
    channels = "{chat: {interruptible_by: [voice]}, voice: {weight: 4}}"
    lines = found(profile(4, channels))
    assert not [line for line in lines if "heavy-starves" in line]


def test_room_that_is_held_ends_the_starving(found: Lint) -> None:
    lines = found(
        {"queues.yaml": GENERAL + "    hold_room_after: 1m\n", **profile(4, "{chat: {}, voice: {weight: 4}}")}
    )
    assert not [line for line in lines if "heavy-starves" in line]


def rule(key: str, on: str, then: str, more: str = "") -> str:
    return f"- {{key: {key}, name: N, on: [{on}], actions: [{then}]{', ' if more else ''}{more}}}\n"


@pytest.mark.parametrize(
    ("rules", "odd"),
    [
        (rule("a", "changed", "set_status: open") + rule("b", "changed", "set_status: waiting"), True),
        (rule("a", "changed", "add_tags: [x]") + rule("b", "changed: tags", "remove_tags: [x]"), True),
        (rule("a", "resolved", "set_status: open") + rule("b", "reopened", "set_status: closed"), True),
        (rule("a", "changed", "move: general") + rule("b", "opened", "move: sales"), False),
        (rule("a", "changed", "add_tags: [x]") + rule("b", "changed: tags", "remove_tags: [y]"), False),
        (rule("a", "{changed: queue, by: person}", "move: general") + rule("b", "changed", "move: sales"), False),
        (rule("a", "changed", "move: general", "enabled: false") + rule("b", "changed", "move: sales"), False),
        (rule("a", "changed", "set_priority: 1") + rule("b", "changed: queue", "set_priority: 2"), False),
    ],
)
def test_rules_at_odds(found: Lint, rules: str, odd: bool) -> None:
    lines = found({"queues.yaml": GENERAL + SALES, "automation.yaml": f"automation:\n{rules}"})
    assert any("automation-at-odds" in line for line in lines) is odd, lines


@pytest.mark.parametrize(
    ("asked", "never"),
    [
        ("priority: {at_least: 3, at_most: 2}", True),
        ("team: {set: false}, all: [{team: {set: true}}]", False),
        ("owner: {set: false}, all: [{owner: ana}]", True),
        ("priority: {at_least: 3, at_most: 3}", False),
        ("any: [{queue: general}, {queue: sales}]", False),
    ],
)
def test_conditions_that_contradict_themselves(found: Lint, asked: str, never: bool) -> None:
    rules = rule("a", "opened", "move: general", f"when: {{{asked}}}")
    lines = found({"queues.yaml": GENERAL + SALES, "automation.yaml": f"automation:\n{rules}"})
    assert any("automation-never-fires" in line for line in lines) is never, lines
