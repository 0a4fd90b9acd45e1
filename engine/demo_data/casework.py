"""Cases in all states with their histories, and the conversations that they came from. Pure.

Case ``n`` of ``N`` was opened at that part of the time span, so that numbers, ids and times go the same way, as in
life, and rows are written near each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from random import Random

from engine.demo_data.case_story import ENDED, Story
from engine.demo_data.dialogues import CONCERNS, OFTEN
from engine.demo_data.people import person
from engine.demo_data.promises import Course, Outcome
from engine.demo_data.scale import FAMILY, SPAN_MS, Rows, Scale
from engine.demo_data.things import (
    asset_id,
    machine,
    order_id,
    order_number,
    orders_of,
    owner_of,
    serial,
    support_id,
    support_period,
    support_plan,
)
from engine.demo_data.words import PRODUCTS
from engine.model.case import Case

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
TABLES = (
    "cases", "case_events", "case_tags", "case_links", "interactions", "entries", "leads", "activities", "milestones",
    "firings", "case_timers",
)  # fmt: skip


def case_rows(scale: Scale, numbers: range) -> Rows:
    """Return the rows of cases ``numbers`` (from 0), with all that hangs on them."""
    rows: Rows = {name: [] for name in TABLES}
    for number in numbers:
        _case(_begin(scale, number, rows))
    return rows


def _begin(scale: Scale, number: int, rows: Rows) -> Story:
    chance = scale.chance("case", number)
    opened_ms = scale.since_ms + int(SPAN_MS * (number + chance.random()) / (scale.cases + 1))
    # Some customers ask much more often than others.
    who = person(scale, int(scale.contacts * chance.random() ** 1.7))
    agent_id, agent_name = chance.choice(scale.agents) if scale.agents else ("", "Ana")
    queue = chance.choice(scale.queues)
    return Story(
        scale=scale,
        queue=queue,
        number=number,
        chance=chance,
        who=who,
        concern=CONCERNS[chance.choice(OFTEN)],
        agent_id=agent_id,
        agent_name=agent_name,
        opened_ms=opened_ms,
        id=scale.id_of("case", number, opened_ms),
        rows=rows,
    )


def _case(story: Story) -> None:
    story.facts = _facts(story)
    status = _status(story.scale, story.number, story.chance)
    assigned = status != "new"
    story.plan = _plan(story)
    story.tell(story.opened_ms, "opened", origin=story.scale.channels[0][0])
    story.happen(story.opened_ms, "opened", f"status:{story.scale.statuses.get('new', 'new')}")
    if assigned:
        story.tell(story.opened_ms + MINUTE_MS, "owner", **{"from": "", "to": story.agent_id})
        story.move(story.opened_ms + MINUTE_MS, "new", "open")
    at_ms = _conversations(story, assigned=assigned)
    if assigned and story.chance.random() < 0.4:
        note = story.chance.choice(story.concern.notes).format(**story.facts)
        story.tell(at_ms, "comment", story.agent_id, body=note)
    updated_ms = min(_end(story, status, at_ms), story.scale.until_ms)
    reopened = status == "open" and _reopen(story, at_ms)
    updated_ms = max(updated_ms, story.happened[-1].at_ms) if reopened else updated_ms
    outcome = _promises(story, status)
    story.rows["cases"].append({**_row(story, status, updated_ms, outcome), "reopened": int(reopened)})
    story.write_history()
    _links(story)
    if status in ENDED and story.chance.random() < 0.01:
        _lead(story, updated_ms)
    if story.agent_id and story.chance.random() < (0.02 if status in ENDED else 0.2):
        _task(story, done_ms=updated_ms if status in ENDED else 0)


def _facts(story: Story) -> dict[str, str]:
    """Return what the words are about."""
    who, language = story.who, story.who.language[:2]
    owner = owner_of(who)
    product = machine(owner) if story.concern.about_machine else story.chance.choice(PRODUCTS)
    place = story.chance.randrange(max(1, orders_of(who.number)))
    return {
        "order": order_number(story.scale, who.number, place),
        "product": product.names[language],
        "serial": serial(story.scale, owner),
        "name": who.name,
        "agent": story.agent_name,
        "place": str(place),
    }


def _status(scale: Scale, number: int, chance: Random) -> str:
    age = 1 - number / scale.cases
    if age < 0.03:
        return chance.choices(("new", "open", "waiting", "resolved"), (35, 35, 15, 15))[0]
    if age < 0.10:
        return chance.choices(("open", "waiting", "resolved", "closed"), (15, 15, 40, 30))[0]
    return chance.choices(("open", "waiting", "resolved", "closed"), (1, 1, 4, 94))[0]


def _end(story: Story, status: str, at_ms: int) -> int:
    """Write the last changes of status; return when the case was last changed."""
    before, by = "open", story.agent_id
    path = {"waiting": ("waiting",), "resolved": ("resolved",), "closed": ("resolved", "closed")}.get(status, ())
    for step in path:
        at_ms += story.chance.randrange(MINUTE_MS, 4 * HOUR_MS)
        story.move(at_ms, before, step, by)
        before, by = step, ""
    return at_ms


def _reopen(story: Story, at_ms: int) -> bool:
    """Let every other young case that is open have been solved, and come back today; say whether it has."""
    back_ms = story.scale.until_ms - story.chance.randrange(5 * MINUTE_MS, 8 * HOUR_MS)
    solved_ms = at_ms + story.chance.randrange(MINUTE_MS, 4 * HOUR_MS)
    if solved_ms >= back_ms or story.chance.random() < 0.5:
        return False
    story.move(solved_ms, "open", "resolved", story.agent_id)
    story.move(back_ms, "resolved", "open")
    return True


def _plan(story: Story) -> str:
    if _entitled(story):
        return support_plan(story.scale, story.who.number // FAMILY)
    return story.scale.plan_of.get(story.queue, "")


def _promises(story: Story, status: str) -> Outcome:
    """Write what came of the promises: milestones, steps of escalations, what is waited for."""
    scale = story.scale
    case = Case(
        id=story.id,
        org_id=scale.org_id,
        number=scale.first_number + story.number + 1,
        subject="",
        contact_id=story.who.id,
        status=scale.statuses.get(status, status),
        priority=story.concern.priority,
        queue=story.queue,
        plan=story.plan,
        opened_ms=story.opened_ms,
    )
    course = Course(
        case=case,
        began=scale.statuses.get("new", "new"),
        happenings=tuple(sorted(story.happened, key=lambda one: one.at_ms)),
        until_ms=scale.until_ms,
        new_id=lambda: story.new_id(story.opened_ms),
    )
    outcome = scale.play(course)
    for one in outcome.milestones:
        made = asdict(one) | {"state": one.state.value}
        story.rows["milestones"].append({"milestone": made.pop("key"), **made})
    for firing in outcome.firings:
        story.rows["firings"].append({**asdict(firing), "why": json.dumps(firing.why, ensure_ascii=False)})
    for name, at_ms in outcome.timers.items():
        story.rows["case_timers"].append({"case_id": story.id, "timer": name, "at_ms": at_ms})
    for at_ms, kind, data in outcome.lines:
        story.tell(at_ms, kind, **data)
    return outcome


def _row(story: Story, status: str, updated_ms: int, outcome: Outcome) -> dict[str, object]:
    scale, concern = story.scale, story.concern
    subject = concern.subject[story.who.language[:2]].format(**story.facts)
    number = scale.first_number + story.number + 1
    held = _entitled(story)
    return {
        "id": story.id,
        "number": number,
        "subject": subject,
        "contact_id": story.who.id,
        "account_id": story.who.account_id,
        "status": scale.statuses.get(status, status),
        "priority": outcome.priority,
        "queue": story.queue,
        "owner_id": "" if status == "new" else story.agent_id,
        "origin": scale.channels[0][0],
        "topic": concern.topic,
        "version": 1 + len(story.told),
        "opened_ms": story.opened_ms,
        "updated_ms": updated_ms,
        "closed_ms": updated_ms if status in ENDED else 0,
        "escalated_ms": max((at_ms for at_ms, kind, _ in outcome.lines if kind == "escalated"), default=0),
        "description": concern.lines[story.who.language[:2]][0].format(**story.facts),
        "fields": "{}",
        "tags": json.dumps(list(concern.tags)),
        "entitled": "entitled" if held else "none",
        "entitlement_id": held,
        "plan": story.plan,
        "rating": story.chance.choice((0, 0, 3, 4, 5, 5)) if status in ENDED else 0,
        "search": f"{number} {subject}".casefold(),
    }


def _entitled(story: Story) -> str:
    family = story.who.number // FAMILY
    begins_ms, ends_ms = support_period(story.scale, family)
    covered = story.who.account_id and begins_ms <= story.opened_ms <= ends_ms and family % 7 != 0
    return support_id(story.scale, family) if covered else ""


def _links(story: Story) -> None:
    for tag in story.concern.tags:
        story.rows["case_tags"].append({"case_id": story.id, "tag": tag})
    if story.concern.about_machine:
        target, kind = asset_id(story.scale, owner_of(story.who)), "asset"
    elif orders_of(story.who.number) and story.concern.topic in ("order", "invoice"):
        target, kind = order_id(story.scale, story.who, int(story.facts["place"])), "order"
    else:
        return
    link = {"case_id": story.id, "kind": kind, "target_id": target, "linked_by": story.agent_id}
    story.rows["case_links"].append({**link, "linked_ms": story.opened_ms})


def _conversations(story: Story, *, assigned: bool) -> int:
    """Write one to three conversations; return when the last one ended."""
    at_ms = story.opened_ms
    lines = story.concern.lines[story.who.language[:2]]
    for turn in range(story.chance.choices((1, 2, 3), (82, 14, 4))[0]):
        if turn:
            at_ms += story.chance.randrange(HOUR_MS, 20 * HOUR_MS)
        at_ms = _conversation(story, at_ms, _said(story, lines) if assigned else lines[:1])
    return at_ms


def _said(story: Story, lines: Sequence[str]) -> list[str]:
    """Return a conversation of full or of short length."""
    whole = story.chance.random() < 0.4
    return [line.lstrip("+") for line in lines if whole or not line.startswith("+")]


def _conversation(story: Story, began_ms: int, lines: Sequence[str]) -> int:
    channel, kind = story.scale.channels[story.number % len(story.scale.channels)]
    one, at_ms, last_visitor_ms = story.new_id(began_ms), began_ms, began_ms
    for place, line in enumerate(lines):
        by_customer = place % 2 == 0
        at_ms += story.chance.randrange(8_000, 120_000) if place else 0
        if place == 1 and began_ms == story.opened_ms and story.chance.random() < 0.12:
            at_ms += story.chance.randrange(10 * MINUTE_MS, 4 * HOUR_MS)  # the first answer was late
        thanks = by_customer and 0 < place == len(lines) - 1 and story.chance.random() < 0.95
        if not thanks:  # which ask for no answer
            story.happen(at_ms, "customer_message" if by_customer else "reply")
        last_visitor_ms = at_ms if by_customer else last_visitor_ms
        story.rows["entries"].append(
            {
                "interaction_id": one,
                "seq": place + 1,
                "id": story.new_id(at_ms),
                "kind": "message",
                "author": "visitor" if by_customer else "agent",
                "author_id": story.who.id if by_customer else story.agent_id,
                "author_name": story.who.name if by_customer else story.agent_name,
                "client_id": f"{place}" if by_customer else "",
                "body": line.format(**story.facts),
                "data": "{}",
                "at_ms": at_ms,
            }
        )
    at_ms += story.chance.randrange(5_000, 60_000)
    seen = dict.fromkeys(("last_seq", "delivered_seq", "read_seq", "agent_read_seq"), len(lines))
    story.rows["interactions"].append(
        {
            "id": one,
            "channel": channel,
            "kind": kind,
            "conversation_key": one,
            "contact_id": story.who.id,
            "state": "closed",
            "case_id": story.id,
            "locale": story.who.language,
            "topic": story.concern.topic,
            **seen,
            "opened_ms": began_ms,
            "closed_ms": at_ms,
            "close_reason": "agent",
            "last_visitor_ms": last_visitor_ms,
        }
    )
    story.tell(began_ms, "interaction", interaction_id=one, channel=channel)
    return at_ms


def _lead(story: Story, at_ms: int) -> None:
    product = story.chance.choice(PRODUCTS)
    story.rows["leads"].append(
        {
            "id": story.new_id(at_ms),
            "kind": "cross_sell",
            "subject": f"Might like: {product.names['en']}",
            "status": story.chance.choice(("new", "accepted", "won", "lost")),
            "case_id": story.id,
            "contact_id": story.who.id,
            "account_id": story.who.account_id,
            "owner_id": story.agent_id,
            "value_minor": product.price_minor * 10,
            "currency": "EUR",
            "created_by": story.agent_id,
            "version": 1,
            "created_ms": at_ms,
            "updated_ms": at_ms,
        }
    )


def _task(story: Story, *, done_ms: int) -> None:
    """Write a task: of an open case due in the next days or overdue, of another one done."""
    about_ms = done_ms or story.scale.until_ms
    due_ms = about_ms + story.chance.randrange(-2, 10) * 24 * HOUR_MS
    story.rows["activities"].append(
        {
            "id": story.new_id(story.opened_ms),
            "kind": "task",
            "subject": f"Call {story.who.name} back",
            "status": "done" if done_ms else "open",
            "done_ms": done_ms,
            "owner_id": story.agent_id,
            "case_id": story.id,
            "contact_id": story.who.id,
            "account_id": story.who.account_id,
            "due_ms": due_ms,
            "created_by": story.agent_id,
            "version": 1,
            "created_ms": story.opened_ms,
            "updated_ms": story.opened_ms,
        }
    )
