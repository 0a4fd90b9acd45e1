"""Play the record's history through a small model, and compare the record with the board."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from engine.store.tables import assignments, routing_events, routing_marks, work_items
from tests.integration.chaos.audit import PARKED, no_room, number
from tests.integration.chaos.picture import Picture, offers_of
from tests.integration.chaos.world import ORG

LETS_GO = frozenset({"declined", "missed", "rescinded", "lost", "transferred", "closed", "abandoned", "parked"})


@dataclass
class Findings:
    """What was wrong, by kind."""

    violations: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)


def judge(conn: Connection, picture: Picture, acknowledged: set[str]) -> Findings:
    """Judge history, assignments and states against the board, which nobody changes meanwhile."""
    findings = Findings()
    mark = conn.execute(select(routing_marks).where(routing_marks.c.org_id == ORG)).one()
    if (mark.epoch, mark.seq) != (int(picture.meta["epoch"]), int(picture.meta["seq"])):
        findings.violations.append(f"the record is at {mark}, the board at {dict(picture.meta)}")
    events = conn.execute(
        select(routing_events)
        .where(routing_events.c.org_id == ORG)
        .order_by(routing_events.c.epoch, routing_events.c.seq)
    ).all()
    numbers = [event.seq for event in events if event.epoch == mark.epoch]
    if numbers != list(range(1, len(numbers) + 1)):
        findings.violations.append(f"numbers of epoch {mark.epoch} have gaps")
    play = Play(picture)
    for event in whole(events):
        play.step(event)
    findings.violations += play.wrong
    findings.doubles += play.doubles
    findings.doubles += overlaps(conn.execute(select(assignments)).all())
    rows = {row.id: row for row in conn.execute(select(work_items).where(work_items.c.org_id == ORG))}
    findings.lost += lost(rows, picture, acknowledged)
    findings.violations += [f"{fault}; {story(events, fault)}" for fault in differences(rows, picture)]
    findings.violations += play.differences(picture)
    return findings


def whole(events: Sequence[Any]) -> Iterator[Any]:
    """Yield each epoch's events up to the first that is missing: a board that was lost took the rest along."""
    epoch = seq = 0
    for event in events:
        if event.epoch != epoch:
            epoch, seq = event.epoch, 0
        if event.seq == seq + 1:
            seq = event.seq
            yield event


class Play:
    """Who holds what, as the events tell it, one epoch after the other."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._epoch = 0
        self.wrong: list[str] = []
        self.doubles: list[str] = []
        self._begin(0)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self.holders: dict[str, dict[str, str]] = defaultdict(dict)  # item → agent → offered, active, wrapup
        self.parked: dict[str, str] = {}
        self.closed: set[str] = set()
        self.items: dict[str, tuple[str, int]] = {}

    def step(self, event: Any) -> None:
        """Let one event happen."""
        if event.epoch != self._epoch:
            self._begin(event.epoch)
        if not event.item_id:
            return
        if event.item_id in self.closed:
            self.wrong.append(f"{event.epoch}:{event.seq} {event.kind} of {event.item_id}, which is closed")
        held, data = self.holders[event.item_id], json.loads(event.data)
        if event.kind == "accepted" and any(state != "offered" for state in held.values()):
            self.doubles.append(
                f"{event.epoch}:{event.seq} {event.item_id} accepted by {event.agent_id}, held by {held}"
            )
        if event.kind == "offered" and any(state != "offered" for state in held.values()):
            self.doubles.append(f"{event.epoch}:{event.seq} {event.item_id} offered, held by {held}")
        self._change(event, held, data)

    def _change(self, event: Any, held: dict[str, str], data: Mapping[str, Any]) -> None:
        if event.kind == "offered":
            held[event.agent_id] = "offered"
        elif event.kind == "accepted":
            held.clear()
            held[event.agent_id] = "active"
            self.parked.pop(event.item_id, None)
        elif event.kind == "ended" and held:
            held[event.agent_id] = "wrapup"
        elif event.kind == "restored" and data["state"] in ("active", "wrapup"):
            held[event.agent_id] = data["state"]
        elif event.kind in LETS_GO:
            held.pop(event.agent_id, None)
        if event.kind in ("closed", "abandoned"):
            if held:
                self.wrong.append(f"{event.epoch}:{event.seq} {event.item_id} is closed and held by {held}")
            self.closed.add(event.item_id)

    def differences(self, picture: Picture) -> Iterator[str]:
        """Compare the end of the story with the board."""
        for item_id, item in picture.items.items():
            real = dict.fromkeys(offers_of(item), "offered")
            if item["state"] in ("active", "wrapup"):
                real = {item["agent"]: item["state"]}
            if self.holders[item_id] != real:
                yield f"{item_id} is held by {self.holders[item_id]} in history, by {real} on the board"


def overlaps(rows: Sequence[Any]) -> Iterator[str]:
    """Two assignments of one item never run at once."""
    of_item: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.accepted_ms:
            of_item[row.item_id].append(row)
    for item_id, given in of_item.items():
        given.sort(key=lambda row: (row.epoch, row.number))
        for before, after in pairwise(given):
            if not before.ended_ms or before.ended_ms > after.accepted_ms:
                yield f"{item_id}: {before} and {after} overlap"


def lost(rows: Mapping[str, Any], picture: Picture, acknowledged: set[str]) -> Iterator[str]:
    """What was acknowledged is closed, or on the board."""
    on_board = picture.items
    for item_id in acknowledged:
        row = rows.get(item_id)
        if row is None:
            yield f"{item_id} was acknowledged and is not in the record"
        elif row.state != "closed" and item_id not in on_board:
            yield f"{item_id} is {row.state} in the record and not on the board"


def story(events: Sequence[Any], fault: str) -> str:
    """Return what happened to the item that a fault begins with."""
    item_id = fault.split(" ", 1)[0]
    return ", ".join(
        f"{event.epoch}:{event.seq} {event.kind} {event.agent_id}" for event in events if event.item_id == item_id
    )


def differences(rows: Mapping[str, Any], picture: Picture) -> Iterator[str]:
    """Record and board agree on state, holder, number and what is asked for."""
    for item_id, item in picture.items.items():
        row = rows.get(item_id)
        if row is None:
            yield f"{item_id} is on the board and not in the record"
            continue
        ours = {"state": item["state"], "queue": item["queue"], "priority": number(item, "priority")}
        theirs = {"state": row.state, "queue": row.queue, "priority": row.priority}
        if item["state"] in ("active", "wrapup", "parked"):
            ours["agent"], theirs["agent"] = item["agent"], row.agent_id
        if item["state"] in ("active", "wrapup"):
            ours["assignment"], theirs["assignment"] = number(item, "assignment"), row.assignment
        ours["skills"] = json.loads(item.get("skills") or "{}")
        theirs["skills"] = json.loads(row.requirement)
        if ours != theirs:
            yield f"{item_id} is {ours} on the board, {theirs} in the record"


def beyond_room(conn: Connection, picture: Picture) -> list[str]:
    """Play offers once more: none was made beyond an agent's room, nor beside another (guarantee 2)."""
    play = Rooms(picture)
    wrong: list[str] = []
    query = select(routing_events).where(routing_events.c.org_id == ORG)
    weights = {
        row.id: (row.kind, row.weight) for row in conn.execute(select(work_items).where(work_items.c.org_id == ORG))
    }
    for event in whole(conn.execute(query.order_by(routing_events.c.epoch, routing_events.c.seq)).all()):
        if event.item_id in weights:
            wrong += play.step(event, *weights[event.item_id])
    return wrong


class Rooms:
    """What each agent has room taken for, as the events tell it."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._epoch = 0
        self._held: dict[str, dict[str, tuple[str, int, bool]]] = defaultdict(dict)  # agent → item → kind, units, offer

    def step(self, event: Any, kind: str, weight: int) -> Iterator[str]:
        """Let one event happen; yield what is wrong with it."""
        if event.epoch != self._epoch:
            self._epoch, self._held = event.epoch, defaultdict(dict)
        held, data = self._held[event.agent_id], json.loads(event.data)
        profile = self._picture.config("profile", self._picture.agents.get(event.agent_id, {}).get("profile", ""))
        terms = profile.get("channels", {}).get(kind, {})
        units = weight or terms.get("weight", 1)
        if event.kind == "offered":
            why = no_room(profile, [(other, taken) for other, taken, _ in held.values()], kind, weight)
            if why or any(offer for _, _, offer in held.values()):
                what = f"{event.epoch}:{event.seq} {event.item_id} ({kind})"
                yield f"{what} was offered to {event.agent_id}: {why} {held}"
        takes = event.kind in ("offered", "accepted") or data.get("state") in ("active", "wrapup")
        if takes and event.kind in ("offered", "accepted", "restored"):
            for others in self._held.values() if event.kind == "accepted" else ():
                others.pop(event.item_id, None)
            held[event.item_id] = (kind, units, event.kind == "offered")
        elif event.kind in ("closed", "abandoned"):  # what was parked is nobody's by then
            for others in self._held.values():
                others.pop(event.item_id, None)
        elif event.kind in LETS_GO or event.kind == "resumed":
            held.pop(event.item_id, None)
        parks = event.kind == "parked" or (event.kind == "restored" and data.get("state") == "parked")
        if parks and terms.get("parked_weight"):
            held[event.item_id] = (PARKED, terms["parked_weight"], False)
