"""Files become nouns; what does not fit is refused with file, line and a way to mend it."""

from pathlib import Path

import pytest

from engine.config.compile import load
from engine.config.samples import demo_directory, starter_directory
from engine.model.chat_limits import ChatLimits
from engine.model.hours import Hours, Period
from engine.model.organisation import (
    AgentSetup,
    CapacityProfile,
    CasePolicy,
    Channel,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    Queue,
    Role,
    Rule,
    Skill,
    StatusKind,
)
from tests.unit.config.conftest import Load, Refused

QUEUE = "queues:\n  general:\n    name: General\n"
CHANNEL = "channels:\n  web:\n    kind: chat\n    name: Web\n    queue: general\n    topics: {order: Order}\n"


def test_defaults_are_those_of_the_nouns(load_with: Load) -> None:
    organisation = load_with({})
    assert organisation == Organisation(
        id="small",
        name="Small",
        version=0,
        skills={"english": Skill(key="english", name="English")},
        queues={"general": Queue(key="general", name="General")},
        statuses={
            "available": PresenceStatus(
                key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset({"chat"})
            ),
            "break": PresenceStatus(key="break", name="Break", kind=StatusKind.BREAK),
            "offline": PresenceStatus(key="offline", name="Offline", kind=StatusKind.OFFLINE),
        },
        profiles={"standard": CapacityProfile(key="standard", units=3, channels={"chat": ChannelCapacity()})},
        channels={
            "web": Channel(
                key="web",
                kind="chat",
                name="Web",
                queue="general",
                topics=(("order", "Order"),),
                allowed_origins=("self",),
            )
        },
        rules=(),
        agents={
            "ana": AgentSetup(
                login="ana",
                name="Ana",
                role=Role.AGENT,
                profile="standard",
                skills={"english": 5},
                queues=("general",),
            )
        },
        dispositions=(("solved", "Solved"),),
        sign_out_status="offline",
    )


def test_every_key_arrives(load_with: Load) -> None:
    organisation = load_with(
        {
            "organisation.yaml": (
                "organisation: {id: small, name: Small, locale: zh-CN, time_zone: UTC, missed_offers: 2,\n"
                "  missed_status: break, lost_agent_grace: 100ms, lease: 5s}\n"
                "dispositions: {b: B, a: A}\n"
            ),
            "queues.yaml": (
                "hours: {office: {monday: ['13:00-24:00', '09:00-12:30']}}\n"
                "queues: {general: {name: G, priority: -1, priority_step: 2s, target: 1m, offer_timeout: 300ms,\n"
                "  wrapup: 0s, decline_memory: 1s, escalate_after: 2h, escalate_priority: 7, skills: {english: 3},\n"
                "  hours: office}}\n"
            ),
            "profiles.yaml": (
                "profiles: {standard: {units: 9, channels: {chat: {weight: 3, maximum: 2, exclusive: true,\n"
                "  interruptible_by: [chat]}}}}\n"
            ),
            "channels.yaml": (
                "channels: {web: {kind: chat, name: W, queue: general, allowed_origins: ['https://a.example:8443'],\n"
                "  topics: {b: B, a: A}, case_policy: end, greeting: 您好, visitor_grace: 0s, idle_warning: 1s,\n"
                "  idle_close: 2s, limits: {message_bytes: 100, frame_bytes: 2000, visitor_rate: 1,\n"
                "  visitor_burst: 2, address_rate: 3.5, address_burst: 4, sockets_per_address: 5}}}\n"
            ),
            "rules.yaml": (
                "rules: [{name: R, when: {channels: [web], topics: [a], languages: [zh], keywords: [退款, ' x ']},\n"
                "  then: {queue: general, skills: {english: 2}, priority: 4}, final: false}]\n"
            ),
            "agents.yaml": "agents: {sue@x.example: {name: Sue, role: supervisor}}\n",
        }
    )
    assert (organisation.locale, organisation.lost_agent_grace_ms, organisation.lease_ms) == ("zh-CN", 100, 5_000)
    assert (organisation.missed_offers, organisation.missed_status) == (2, "break")
    assert organisation.dispositions == (("b", "B"), ("a", "A"))
    assert organisation.queues["general"] == Queue(
        key="general",
        name="G",
        priority=-1,
        priority_step_ms=2_000,
        target_ms=60_000,
        offer_timeout_ms=300,
        wrapup_ms=0,
        decline_memory_ms=1_000,
        escalate_after_ms=7_200_000,
        escalate_priority=7,
        skills={"english": 3},
        hours=Hours(
            key="office",
            periods=(
                Period(weekday=0, start_minute=540, end_minute=750),
                Period(weekday=0, start_minute=780, end_minute=1440),
            ),
        ),
    )
    assert organisation.profiles["standard"].channels["chat"] == ChannelCapacity(
        weight=3, maximum=2, exclusive=True, interruptible_by=frozenset({"chat"})
    )
    channel = organisation.channels["web"]
    assert channel == Channel(
        key="web",
        kind="chat",
        name="W",
        queue="general",
        allowed_origins=("https://a.example:8443",),
        topics=(("b", "B"), ("a", "A")),
        case_policy=CasePolicy.END,
        greeting="您好",
        visitor_grace_ms=0,
        idle_warning_ms=1_000,
        idle_close_ms=2_000,
        limits=ChatLimits(
            message_bytes=100,
            frame_bytes=2000,
            visitor_rate=1.0,
            visitor_burst=2,
            address_rate=3.5,
            address_burst=4,
            sockets_per_address=5,
        ),
    )
    assert organisation.rules == (
        Rule(
            name="R",
            channels=frozenset({"web"}),
            topics=frozenset({"a"}),
            languages=frozenset({"zh"}),
            keywords=("退款", "x"),
            queue="general",
            skills={"english": 2},
            priority=4,
            final=False,
        ),
    )
    assert organisation.agents["sue@x.example"].role is Role.SUPERVISOR


@pytest.mark.parametrize("directory", [demo_directory(), starter_directory()])
def test_samples_are_valid(directory: Path) -> None:
    organisation = load(directory)
    assert any(agent.role is Role.ADMIN for agent in organisation.agents.values())


def test_the_demo_can_serve_what_its_rules_ask_for() -> None:
    demo = load(demo_directory())
    assert demo.id == "demo"
    assert list(demo.agents)[:5] == ["ana", "ben", "chen", "sue", "ada"]
    assert demo.channels["web"].allowed_origins == ("self",)
    assert all(queue.escalate_after_ms == 60_000 for queue in demo.queues.values())
    for rule in demo.rules:
        queue = rule.queue or demo.channels["web"].queue
        wanted = {**demo.queues[queue].skills, **rule.skills}
        assert any(
            queue in agent.queues and all(agent.skills.get(skill, 0) >= level for skill, level in wanted.items())
            for agent in demo.agents.values()
        ), rule.name


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "queues.yaml",
            QUEUE + "    targt: 5s\n",
            "queues.yaml:4: unknown name 'targt' in queues.general. Did you mean target?",
        ),
        ("queues.yaml", QUEUE + "quues: {}\n", "queues.yaml:4: unknown section 'quues'. Did you mean queues?"),
        (
            "queues.yaml",
            QUEUE + "skills: {}\n",
            "skills.yaml:1: section 'skills' stands in queues.yaml too. Keep it in one file.",
        ),
        ("queues.yaml", "queues: {}\n", "queues.yaml:1: queues must not be empty"),
        ("queues.yaml", "queues:\n", "queues.yaml:1: queues must hold 'name: value' entries"),
        ("queues.yaml", "queues:\n  general: {}\n", "queues.yaml:2: queues.general.name is missing"),
        (
            "queues.yaml",
            "queues:\n  General: {name: G}\n",
            "queues.yaml:2: 'General' cannot be a name here. Use 1 to 40",
        ),
        (
            "queues.yaml",
            QUEUE + "    target: 5\n",
            "queues.yaml:4: queues.general.target: write a whole number with ms, s,",
        ),
        (
            "queues.yaml",
            QUEUE + "    target: 50ms\n",
            "queues.yaml:4: queues.general.target: must lie between 100ms and 30d",
        ),
        (
            "queues.yaml",
            QUEUE + "    offer_timeout: 0s\n",
            "queues.yaml:4: queues.general.offer_timeout: must not be zero",
        ),
        (
            "queues.yaml",
            QUEUE + "    priority: high\n",
            "queues.yaml:4: queues.general.priority must be a whole number",
        ),
        ("queues.yaml", QUEUE + "    priority: '1'\n", "queues.yaml:4: queues.general.priority must be a whole number"),
        (
            "queues.yaml",
            QUEUE + "    skills: {english: 11}\n",
            "queues.yaml:4: queues.general.skills.english must be less than or",
        ),
        (
            "queues.yaml",
            QUEUE + "    skills: {englsh: 1}\n",
            "queues.yaml:4: there is no skill 'englsh'. Did you mean english?",
        ),
        ("queues.yaml", QUEUE + "    hours: office\n", "queues.yaml:4: there is no opening hours 'office'"),
        (
            "queues.yaml",
            QUEUE + "hours:\n  h:\n    monday:\n    - '17:00-09:00'\n",
            "queues.yaml:7: '17:00-09:00' ends before",
        ),
        (
            "queues.yaml",
            QUEUE + "hours: {h: {monday: ['09:00-12:00', '11:00-13:00']}}\n",
            "queues.yaml:4: '11:00-13:00' overlaps",
        ),
        ("queues.yaml", QUEUE + "hours: {h: {monday: ['9-17']}}\n", "queues.yaml:4: hours.h.monday[1]: write times as"),
        (
            "queues.yaml",
            QUEUE + "hours: {h: {monday: ['09:00-24:01']}}\n",
            "queues.yaml:4: hours.h.monday[1]: write times as",
        ),
        (
            "organisation.yaml",
            "organisation: {id: small, name: S}\n",
            "queues.yaml:2: the queue has a wrap-up, but there is no",
        ),
        ("organisation.yaml", "dispositions: {a: A}\n", "section 'organisation' is missing from all files"),
        ("organisation.yaml", "organisation: {id: S_1, name: S}\n", "organisation.yaml:1: organisation.id must match"),
        (
            "organisation.yaml",
            "dispositions: {a: A}\norganisation:\n  id: s\n  name: S\n  time_zone: Mars/Base\n",
            "organisation.yaml:5: there is no time zone 'Mars/Base'",
        ),
        (
            "organisation.yaml",
            "dispositions: {a: A}\norganisation: {id: s, name: S, time_zone: ../../etc/passwd}\n",
            "organisation.yaml:2: there is no time zone",
        ),
        (
            "organisation.yaml",
            "dispositions: {a: A}\norganisation: {id: s, name: S, locale: english}\n",
            "organisation.yaml:2: 'english' is no locale",
        ),
        (
            "organisation.yaml",
            "dispositions: {a: A}\norganisation: {id: s, name: S, missed_status: brake}\n",
            "organisation.yaml:2: there is no status 'brake'. Did you mean break?",
        ),
        (
            "organisation.yaml",
            "dispositions: {a: A}\norganisation: {id: s, name: S, missed_status: available}\n",
            "organisation.yaml:2: a status that takes channels",
        ),
        (
            "statuses.yaml",
            "statuses: {a: {name: A, kind: available}}\n",
            "statuses.yaml:1: no status is of kind offline",
        ),
        (
            "statuses.yaml",
            "statuses:\n  a: {name: A, kind: offline}\n  b: {name: B, kind: offline}\n",
            "statuses.yaml:3: a second status of kind offline",
        ),
        (
            "statuses.yaml",
            "statuses: {a: {name: A, kind: offline, channels: [chat]}}\n",
            "statuses.yaml:1: a status of kind offline takes",
        ),
        (
            "statuses.yaml",
            "statuses: {a: {name: A, kind: offline, channels: [caht]}}\n",
            "statuses.yaml:1: there is no kind of work 'caht'. Did you mean chat?",
        ),
        (
            "statuses.yaml",
            "statuses: {a: {name: A, kind: away}}\n",
            "statuses.yaml:1: statuses.a.kind must be 'available', 'break'",
        ),
        (
            "profiles.yaml",
            "profiles:\n  standard: {units: 2, channels: {chat: {weight: 3}}}\n",
            "profiles.yaml:2: one chat weighs 3, more",
        ),
        (
            "profiles.yaml",
            "profiles: {standard: {units: 2, channels: {fax: {}}}}\n",
            "profiles.yaml:1: there is no kind of work 'fax'. Known: callback, case, chat, email, lead, voice.",
        ),
        (
            "channels.yaml",
            CHANNEL.replace("queue: general", "queue: genral"),
            "channels.yaml:5: there is no queue 'genral'. Did you mean general?",
        ),
        (
            "channels.yaml",
            CHANNEL + "    allowed_origins: ['https://a.example/']\n",
            "channels.yaml:7: channels.web.allowed_origins[1]: write",
        ),
        (
            "channels.yaml",
            CHANNEL + "    limits: {frame_bytes: 4096}\n",
            "channels.yaml:7: a frame could not hold the longest message",
        ),
        (
            "channels.yaml",
            CHANNEL + "    api_token: abc\n",
            "channels.yaml:7: 'api_token': no secret may stand in a configuration file",
        ),
        ("rules.yaml", "rules:\n- {name: A, then: {queue: genral}}\n", "rules.yaml:2: there is no queue 'genral'"),
        ("rules.yaml", "rules:\n- {name: A, then: {}}\n", "rules.yaml:2: rule 'A' decides nothing"),
        (
            "rules.yaml",
            "rules:\n- {name: A, then: {priority: 1}}\n- {name: B, then: {priority: 1}}\n",
            "rules.yaml:2: rule 'A' always matches",
        ),
        (
            "rules.yaml",
            "rules:\n- {name: A, when: {topics: [order]}, then: {priority: 1}}\n- {name: A, then: {priority: 1}}\n",
            "rules.yaml:3: a second rule is called 'A'",
        ),
        (
            "rules.yaml",
            "rules:\n- name: A\n  when:\n    topics: [ordr]\n  then: {priority: 1}\n",
            "rules.yaml:4: there is no topic 'ordr'",
        ),
        (
            "rules.yaml",
            "rules:\n- name: A\n  when: {channels: [web, web]}\n  then: {priority: 1}\n",
            "rules.yaml:3: 'web' stands here twice",
        ),
        (
            "rules.yaml",
            "rules:\n- name: A\n  when: {languages: [zh-CN]}\n  then: {priority: 1}\n",
            "rules.yaml:3: rules[1].when.languages[1] must match",
        ),
        (
            "rules.yaml",
            "rules:\n- name: A\n  then: {skills: {klingon: 1}}\n",
            "rules.yaml:3: there is no skill 'klingon'",
        ),
        (
            "agents.yaml",
            "agents:\n  ana: {name: A, queues: [general]}\n",
            "agents.yaml:2: who takes work from queues needs a capacity profile",
        ),
        (
            "agents.yaml",
            "agents:\n  ana: {name: A, profile: senior}\n",
            "agents.yaml:2: there is no profile 'senior'. Known: standard.",
        ),
        (
            "agents.yaml",
            "agents:\n  ana: {name: A, role: boss}\n",
            "agents.yaml:2: agents.ana.role must be 'agent', 'supervisor'",
        ),
        (
            "agents.yaml",
            "agents:\n  ana:\n    name: A\n    password: x\n",
            "agents.yaml:4: 'password': no secret may stand",
        ),
        ("agents.yaml", "agents:\n  Ana: {name: A}\n", "agents.yaml:2: 'Ana' cannot be a name here. Use small letters"),
    ],
)
def test_refusals(refused: Refused, file: str, text: str, expected: str) -> None:
    found = refused({file: text})
    # Which file a section is missing from is not known, so the name in front of it is not looked at.
    assert any(line.startswith(expected) or line.partition(": ")[2] == expected for line in found), found


def test_a_secret_is_not_repeated_in_the_message(refused: Refused) -> None:
    found = refused({"agents.yaml": "agents: {ana: {name: A, password: hunter2secret}}\n"})
    assert "hunter2secret" not in "".join(found)


def test_a_skill_may_be_called_password(load_with: Load) -> None:
    organisation = load_with({"skills.yaml": "skills: {english: {name: E}, password: {name: Password resets}}\n"})
    assert "password" in organisation.skills


def test_all_mistakes_are_named_at_once(refused: Refused) -> None:
    found = refused({"queues.yaml": QUEUE + "    skills: {a: 1, b: 2}\n    hours: c\n"})
    assert len(found) == 3


def test_a_name_cannot_forge_a_line_of_the_log(refused: Refused) -> None:
    found = refused({"queues.yaml": QUEUE + '    "x\\nERROR fake": 1\n'})
    assert all("\n" not in line for line in found)
