"""A small organisation for tests, to be changed by keyword."""

from dataclasses import replace

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
    Skill,
    StatusKind,
)


def small_organisation(org_id: str = "acme", **changes: object) -> Organisation:
    """Return an organisation with two queues, one chat channel and two agents; ``changes`` replace fields."""
    organisation = Organisation(
        id=org_id,
        name="Acme",
        version=1,
        skills={key: Skill(key=key, name=key.title()) for key in ("english", "billing")},
        queues={
            "sales": Queue(key="sales", name="Sales", target_ms=20_000),
            "support": Queue(key="support", name="Support", target_ms=60_000),
        },
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
                name="Web chat",
                queue="sales",
                allowed_origins=("*",),
                topics=(("order", "My order"), ("bill", "My bill")),
                case_policy=CasePolicy.END,
            )
        },
        rules=(),
        agents={
            login: AgentSetup(
                login=login,
                name=login.title(),
                role=Role.AGENT,
                profile="standard",
                skills={"english": 5},
                queues=("sales", "support"),
            )
            for login in ("ana", "ben")
        },
        dispositions=(("solved", "Solved"), ("other", "Other")),
        sign_out_status="offline",
    )
    return replace(organisation, **changes)  # type: ignore[arg-type] # fields are checked where they are used
