"""Every option of the routing rules arrives in the nouns, and what cannot work is refused with its line."""

import pytest

from engine.model.organisation import (
    BUILT_IN_KINDS,
    Accept,
    AgentOrder,
    ChannelCapacity,
    KindRule,
    OnAgentLost,
    Overflow,
    OverflowTo,
    Pressure,
    Queue,
    Ranking,
    RelaxationStep,
    ServiceLevel,
    WrapupMode,
)
from tests.unit.config.conftest import Load, Refused

QUEUES = "queues:\n  vip: {name: VIP}\n  general:\n    name: General\n"


def test_every_option_of_a_queue_arrives(load_with: Load) -> None:
    text = QUEUES + (
        "    order: most_skilled\n"
        "    ranking: due\n"
        "    accept: manual\n"
        "    offer_to: 3\n"
        "    relaxation:\n"
        "    - {after: 10s, lower: {english: 2}}\n"
        "    - {after: 1m, drop: [english], widen: [vip]}\n"
        "    preferred_skills_wait: 45s\n"
        "    preferred_wait: 1m\n"
        "    required_wait: 0s\n"
        "    limit_items: 50\n"
        "    limit_wait: 10m\n"
        "    overflow: {full: {to: vip}, wait: callback, closed: message, unstaffed: wait}\n"
        "    overflow_texts: {full: Full, closed: {en: Closed, zh-CN: 关门}}\n"
        "    hold_room_after: 2m\n"
        "    wrapup_mode: manual\n"
        "    wrapup_extend: 1m\n"
        "    wrapup_extensions: 2\n"
        "    service_level: {percent: 80, within: 20s}\n"
    )
    loaded = load_with({"queues.yaml": text})
    assert loaded.overflow_text("general", Pressure.CLOSED) == ("Closed", {"en": "Closed", "zh-CN": "关门"})
    assert loaded.overflow_text("general", Pressure.FULL) == ("Full", {})
    assert loaded.queues["general"] == Queue(
        key="general",
        name="General",
        order=AgentOrder.MOST_SKILLED,
        ranking=Ranking.DUE,
        accept=Accept.MANUAL,
        offer_to=3,
        relaxation=(
            RelaxationStep(after_ms=10_000, lower={"english": 2}),
            RelaxationStep(after_ms=60_000, drop=frozenset({"english"}), widen=("vip",)),
        ),
        preferred_skills_wait_ms=45_000,
        preferred_wait_ms=60_000,
        required_wait_ms=0,
        limit_items=50,
        limit_wait_ms=600_000,
        overflow={
            Pressure.FULL: OverflowTo(to="vip"),
            Pressure.WAIT: OverflowTo(do=Overflow.CALLBACK),
            Pressure.CLOSED: OverflowTo(do=Overflow.MESSAGE),
            Pressure.UNSTAFFED: OverflowTo(do=Overflow.WAIT),
        },
        overflow_texts={Pressure.FULL: "Full", Pressure.CLOSED: "Closed"},
        hold_room_after_ms=120_000,
        wrapup_mode=WrapupMode.MANUAL,
        wrapup_extend_ms=60_000,
        wrapup_extensions=2,
        service_level=ServiceLevel(percent=80, within_ms=20_000),
    )


def test_what_counts_as_in_time_is_the_goals_time_before_the_target(load_with: Load) -> None:
    text = (
        "queues:\n  general: {name: G, target: 60s, service_level: {percent: 80, within: 20s}}\n"
        "  plain: {name: P, target: 30s}\n  free: {name: F}\n"
    )
    queues = load_with({"queues.yaml": text}).queues
    assert {key: queue.answer_within_ms for key, queue in queues.items()} == {
        "general": 20_000,
        "plain": 30_000,
        "free": 0,
    }


def test_a_service_level_without_time_means_the_target(load_with: Load) -> None:
    queues = load_with({"queues.yaml": QUEUES + "    target: 45s\n    service_level: {percent: 90}\n"}).queues
    assert queues["general"].service_level == ServiceLevel(percent=90, within_ms=45_000)


def test_a_wallboard_is_amber_a_while_below_the_goal(load_with: Load) -> None:
    text = QUEUES + "    target: 45s\n    service_level: {percent: 30, amber: 40}\n"
    goal = load_with({"queues.yaml": text}).queues["general"].service_level
    assert goal is not None
    assert (goal.percent, goal.amber, goal.least) == (30, 40, 0)


def test_options_of_the_organisation_arrive(load_with: Load) -> None:
    organisation = load_with(
        {
            "organisation.yaml": (
                "organisation: {id: small, name: Small, fill_pace: 500ms, signature_limit: 100}\n"
                "dispositions: {a: A}\n"
                "decline_reasons: {busy: On the phone, other: Something else}\n"
                "kinds: {task: {on_agent_lost: keep, refusable: false}, voice: {on_agent_lost: requeue}}\n"
            )
        }
    )
    assert (organisation.fill_pace_ms, organisation.signature_limit) == (500, 100)
    assert organisation.decline_reasons == (("busy", "On the phone"), ("other", "Something else"))
    assert organisation.kinds == {
        **BUILT_IN_KINDS,
        "voice": KindRule(),
        "task": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
    }


def test_options_of_a_capacity_arrive(load_with: Load) -> None:
    text = (
        "profiles: {standard: {units: 9, channels: {chat: {interruptible_by: [voice], parked_weight: 1,\n"
        "  parked_maximum: 20}, voice: {weight: 9, exclusive: true, needs_empty: true}}}}\n"
    )
    assert load_with({"profiles.yaml": text}).profiles["standard"].channels == {
        "chat": ChannelCapacity(interruptible_by=frozenset({"voice"}), parked_weight=1, parked_maximum=20),
        "voice": ChannelCapacity(weight=9, exclusive=True, needs_empty=True),
    }


def test_an_agent_ranks_his_queues(load_with: Load) -> None:
    text = "agents: {ana: {name: Ana, profile: standard, queues: [vip, {queue: general, rank: 2}]}}\n"
    agent = load_with({"queues.yaml": QUEUES, "agents.yaml": text}).agents["ana"]
    assert (agent.queues, agent.ranks) == (("vip", "general"), {"general": 2})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("    order: idle\n", "queues.yaml:5: queues.general.order must be 'longest_idle'"),
        ("    offer_to: 11\n", "queues.yaml:5: queues.general.offer_to must be less than or equal to 10"),
        (
            "    accept: automatic\n    offer_to: 2\n",
            "queues.yaml:6: what is accepted at once cannot be offered to several",
        ),
        (
            "    relaxation:\n    - {after: 10s}\n",
            "queues.yaml:6: the step relaxes nothing. Add lower, drop or widen, or remove it.",
        ),
        (
            "    relaxation:\n    - {after: 20s, drop: [english]}\n    - {after: 20s, widen: [vip]}\n",
            "queues.yaml:7: the step comes no later than the one before",
        ),
        (
            "    relaxation:\n    - after: 20s\n      lower: {englsh: 1}\n",
            "queues.yaml:7: there is no skill 'englsh'. Did you mean english?",
        ),
        (
            "    relaxation:\n    - after: 20s\n      drop: [englsh]\n",
            "queues.yaml:7: there is no skill 'englsh'. Did you mean english?",
        ),
        (
            "    relaxation:\n    - after: 20s\n      widen: [general]\n",
            "queues.yaml:7: 'general' is the queue itself. Remove it.",
        ),
        ("    relaxation:\n    - {after: 20s, widen: [vp]}\n", "queues.yaml:6: there is no queue 'vp'."),
        (
            "    overflow:\n      full: wiat\n",
            "queues.yaml:6: queues.general.overflow.full: write { to: queue }, or one of message, callback,",
        ),
        ("    overflow:\n      full: {to: vp}\n", "queues.yaml:6: there is no queue 'vp'."),
        ("    overflow:\n      full: {to: vip, do: wait}\n", "queues.yaml:6: queues.general.overflow.full: write"),
        ("    overflow:\n      wait: {to: general}\n", "queues.yaml:6: 'general' overflows to itself."),
        ("    overflow:\n      empty: wait\n", "queues.yaml:6: unknown name 'empty' in queues.general.overflow."),
        ("    service_level: {percent: 80}\n", "queues.yaml:5: the service level has no time to answer within."),
        ("    service_level: {percent: 101}\n", "queues.yaml:5: queues.general.service_level.percent must be less"),
    ],
)
def test_refusals_of_queues(refused: Refused, lines: str, expected: str) -> None:
    found = refused({"queues.yaml": QUEUES + lines})
    assert any(line.startswith(expected) for line in found), found


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "profiles.yaml",
            "profiles:\n  standard: {units: 2, channels: {chat: {parked_weight: 3}}}\n",
            "profiles.yaml:2: one parked chat weighs 3, more than all 2 units",
        ),
        (
            "profiles.yaml",
            "profiles:\n  standard: {units: 2, channels: {chat: {interruptible_by: [fax]}}}\n",
            "profiles.yaml:2: there is no kind of work 'fax'.",
        ),
        (
            "agents.yaml",
            "agents:\n  ana:\n    name: A\n    profile: standard\n    queues:\n    - {queue: genral, rank: 2}\n",
            "agents.yaml:6: there is no queue 'genral'. Did you mean general?",
        ),
        (
            "agents.yaml",
            "agents:\n  ana:\n    name: A\n    profile: standard\n    queues:\n    - {queue: general, rank: 0}\n",
            "agents.yaml:6: agents.ana.queues[1].rank must be greater than or equal to 1",
        ),
        (
            "agents.yaml",
            "agents:\n  ana: {name: A, profile: standard, queues: [general, {queue: general}]}\n",
            "agents.yaml:2: 'general' stands here twice",
        ),
        ("rules.yaml", "kinds:\n  fax: {on_agent_lost: keep_it}\n", "rules.yaml:2: kinds.fax.on_agent_lost must be"),
    ],
)
def test_refusals_elsewhere(refused: Refused, file: str, text: str, expected: str) -> None:
    found = refused({file: text})
    assert any(line.startswith(expected) for line in found), found


def test_no_wrapup_needs_no_disposition(load_with: Load) -> None:
    files = {"organisation.yaml": "organisation: {id: small, name: S}\n", "rules.yaml": "rules: []\n"}
    without = load_with({**files, "queues.yaml": "queues: {general: {name: G, wrapup_mode: none}}\n"})
    assert without.queues["general"].wrapup is WrapupMode.NONE
