"""A case in the making: its history so far, and what clocks hear of. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from engine.demo_data.dialogues import Concern
from engine.demo_data.people import Person
from engine.demo_data.promises import Happening
from engine.demo_data.scale import Rows, Scale
from engine.model.ids import make_id

ENDED = ("resolved", "closed")


@dataclass
class Story:
    """A case in the making."""

    scale: Scale
    number: int  # from 0
    chance: Random
    who: Person
    concern: Concern
    agent_id: str
    agent_name: str
    opened_ms: int
    id: str
    rows: Rows
    queue: str
    plan: str = ""
    told: list[dict[str, object]] = field(default_factory=list)  # lines of the history
    happened: list[Happening] = field(default_factory=list)  # what the clocks hear of
    facts: dict[str, str] = field(default_factory=dict)

    def new_id(self, at_ms: int) -> str:
        """Return the next id of the story."""
        return make_id(at_ms, self.chance.randbytes(10))

    def tell(self, at_ms: int, kind: str, actor_id: str = "", /, **data: object) -> None:
        """Add a line to the case's history."""
        text = json.dumps(data, ensure_ascii=False)
        line = {"case_id": self.id, "at_ms": at_ms, "kind": kind, "actor_id": actor_id, "data": text}
        self.told.append({"id": self.new_id(at_ms), **line})

    def happen(self, at_ms: int, *moments: str, status: str = "") -> None:
        """Let the clocks hear of something, and of the status that the case has from then on."""
        named = frozenset((*moments, f"status:{status}")) if status else frozenset(moments)
        self.happened.append(Happening(at_ms=min(at_ms, self.scale.until_ms), moments=named, status=status))

    def move(self, at_ms: int, before: str, after: str, actor_id: str = "") -> None:
        """Tell of another status, by the name that the organisation has for it."""
        names = self.scale.statuses
        self.tell(at_ms, "status", actor_id, **{"from": names.get(before, before), "to": names.get(after, after)})
        moments = {"resolved": ("resolved",), "closed": ("resolved", "closed")}.get(after, ())
        reopened = ("reopened",) if before in ENDED and after not in ENDED else ()
        self.happen(at_ms, *moments, *reopened, status=names.get(after, after))

    def write_history(self) -> None:
        """Write the lines of the history in the order of time."""
        for number, line in enumerate(sorted(self.told, key=_at_ms), 1):
            self.rows["case_events"].append({**line, "number": number})


def _at_ms(line: Mapping[str, object]) -> int:
    at_ms = line["at_ms"]
    assert isinstance(at_ms, int)
    return at_ms
