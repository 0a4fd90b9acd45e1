"""What the board is told of an organisation: keys and units are a contract with the Lua functions."""

from dataclasses import replace

from engine.config.compile import load
from engine.config.samples import demo_directory
from engine.model.organisation import (
    Accept,
    AgentOrder,
    ChannelCapacity,
    KindRule,
    OnAgentLost,
    Organisation,
    Overflow,
    OverflowTo,
    Pressure,
    Queue,
    Ranking,
    RelaxationStep,
    WrapupMode,
)
from engine.router.setup import HUGE_STEP_MS, agent_setups, board_setup

DEMO = load(demo_directory())


def told(queue: Queue) -> dict[str, object]:
    """Return what the board is told of ``queue``."""
    setup = board_setup(replace(DEMO, queues={queue.key: queue}), {})
    queues = setup["queues"]
    assert isinstance(queues, dict)
    return dict(queues[queue.key])


def test_a_plain_queue() -> None:
    assert told(Queue(key="sales", name="Sales")) == {
        "priority": 0,
        "skills": {},
        "order": "longest_idle",
        "ranking": "priority_as_seconds",
        "step": 60_000,
        "target": 0,
        "accept": "manual",
        "offer_to": 1,
        "offer_timeout": 20_000,
        "decline_memory": 30_000,
        "relaxation": [],
        "preferred_skills_wait": 30_000,
        "preferred_wait": 30_000,
        "required_wait": 86_400_000,
        "limit_items": 0,
        "limit_wait": 0,
        "overflow": {"full": {"do": "refuse"}, "wait": {"do": "refuse"}},
        "hold_room_after": 0,
        "wrapup": 30_000,
        "wrapup_mode": "timed",
        "wrapup_extend": 30_000,
        "wrapup_extensions": 0,
    }


def test_a_queue_with_everything() -> None:
    queue = Queue(
        key="sales",
        name="Sales",
        order=AgentOrder.MOST_SKILLED,
        ranking=Ranking.DUE,
        target_ms=5_000,
        accept=Accept.AUTOMATIC,
        offer_to=3,
        relaxation=(RelaxationStep(after_ms=100, lower={"b": 2}, drop=frozenset({"d", "c"}), widen=("support",)),),
        overflow={
            Pressure.FULL: OverflowTo(to="support"),
            Pressure.CLOSED: OverflowTo(do=Overflow.CALLBACK),
        },
        wrapup_mode=WrapupMode.MANUAL,
    )
    found = told(queue)
    assert (found["order"], found["ranking"], found["accept"]) == ("most_skilled", "due", "automatic")
    assert (found["step"], found["target"], found["offer_to"]) == (60_000, 5_000, 3)
    assert found["relaxation"] == [{"after": 100, "lower": {"b": 2}, "drop": ["c", "d"], "widen": ["support"]}]
    assert found["overflow"] == {"full": {"to": "support"}, "wait": {"do": "refuse"}, "closed": {"do": "callback"}}
    assert (found["wrapup"], found["wrapup_mode"]) == (0, "manual")


def test_priority_then_age_is_a_huge_step_without_target() -> None:
    found = told(Queue(key="sales", name="S", ranking=Ranking.PRIORITY_THEN_AGE, target_ms=5_000))
    assert (found["step"], found["target"]) == (HUGE_STEP_MS, 0)


def test_a_timed_wrapup_of_no_time_is_none() -> None:
    assert told(Queue(key="sales", name="S", wrapup_ms=0))["wrapup_mode"] == "none"
    assert told(Queue(key="sales", name="S", wrapup_mode=WrapupMode.NONE))["wrapup"] == 0


def test_settings_and_kinds() -> None:
    kinds = {**DEMO.kinds, "task": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False)}
    settings = board_setup(replace(DEMO, kinds=kinds, fill_pace_ms=300), {})["settings"]
    assert isinstance(settings, dict)
    assert (settings["fill_pace"], settings["signature_limit"]) == (300, 5_000)
    assert settings["kinds"] == {
        "chat": {"keep": False, "refusable": True},
        "email": {"keep": True, "refusable": False},
        "voice": {"keep": True, "refusable": True},
        "callback": {"keep": True, "refusable": False},
        "case": {"keep": True, "refusable": False},
        "lead": {"keep": True, "refusable": False},
        "task": {"keep": True, "refusable": False},
    }


def test_capacity() -> None:
    terms = ChannelCapacity(weight=2, interruptible_by=frozenset({"b", "a"}), needs_empty=True, parked_maximum=9)
    profile = replace(DEMO.profiles["standard"], channels={"chat": terms})
    profiles = board_setup(replace(DEMO, profiles={"standard": profile}), {})["profiles"]
    assert isinstance(profiles, dict)
    assert profiles["standard"]["channels"]["chat"] == {
        "weight": 2,
        "maximum": 0,
        "exclusive": False,
        "interruptible_by": {"a": True, "b": True},
        "needs_empty": True,
        "parked_weight": 0,
        "parked_maximum": 9,
    }


def test_an_agents_queues_have_rank_and_home() -> None:
    ana = replace(DEMO.agents["ana"], queues=("billing", "sales"), ranks={"sales": 2})
    organisation: Organisation = replace(DEMO, agents={"ana": ana})
    assert agent_setups(organisation, {"ana": "7"})[0]["queues"] == {
        "billing": {"rank": 1, "home": True},
        "sales": {"rank": 2, "home": False},
    }
