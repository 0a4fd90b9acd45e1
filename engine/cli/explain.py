"""The command that explains a work item, living or past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.live import with_board
from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import pick_organisation
from engine.clock import rfc3339
from engine.errors import CordboardError
from engine.router.explanation import Past, past_of, reason_words

if TYPE_CHECKING:
    from engine.model.work import WorkItem
    from engine.router.router import Router
    from engine.store.store import Store

_MOST_AGENTS = 20
"""Agents with the same reason are named up to here; --json names all."""
_NOBODY: Mapping[str, str] = {}


def explain(
    item_id: Annotated[str, typer.Argument(metavar="ITEM", help="The work item's id.")],
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Explain where a work item stands, who may have it, and what became of it so far.

    What waits is explained from the board of the engine that runs on this machine; the past from the record.

    Examples:
      cordboard explain 01923f4e-7c1a-7b3c-9d5e-0a1b2c3d4e5f
      cordboard explain 01923f4e-7c1a-7b3c-9d5e-0a1b2c3d4e5f --json

    Exit codes: 0 explained, 1 no such work item, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store, router: Router | None) -> Told:
        org_id = await pick_organisation(store, organisation)
        item = await store.work.get(org_id, item_id)
        names = {user.id: user.login for user in await store.users.list(org_id)}
        past = past_of(await store.routing.history(org_id, item_id), lambda one: names.get(one, one))
        return Told(item, await _living(router, org_id, item_id), past, names)

    told = with_board(settings_for(settings_file, data), work)
    if as_json:
        print_json(told.as_mapping())
    else:
        told.print()


async def _living(router: Router | None, org_id: str, item_id: str) -> Mapping[str, Any] | None:
    if router is None:
        return None
    try:
        return await router.explain(org_id, item_id)
    except CordboardError:
        return None


class Told:
    """What is known of one work item."""

    def __init__(self, item: WorkItem, living: Mapping[str, Any] | None, past: Past, names: Mapping[str, str]) -> None:
        self._item = item
        self._living = living
        self._past = past
        self._names = names

    def as_mapping(self) -> dict[str, object]:
        """Return everything, for another program."""
        living = self._living or {}
        agents: Mapping[str, str] = living.get("agents") or _NOBODY
        return {
            "item": self._item.id,
            "kind": self._item.kind,
            "state": self._item.state.value,
            "queue": self._item.queue,
            "board": None if self._living is None else living.get("item"),
            "agents": [
                {"id": one, "login": self._name(one), "reason": reason, "words": reason_words(reason)}
                for one, reason in sorted(agents.items())
            ],
            "waited_ms": self._past.waited_ms,
            "history": [
                {"at": rfc3339(step.at_ms), "kind": step.kind.value, "words": step.words, "data": dict(step.data)}
                for step in self._past.steps
            ],
        }

    def print(self) -> None:
        """Print it for people."""
        item, past = self._item, self._past
        print(f"{item.kind} in the queue {item.queue}: {item.state.value}")
        if self._living is None:
            print("No engine runs here, so this is what the record knows.")
        elif self._living.get("item"):
            self._print_living(self._living["item"], self._living.get("agents") or _NOBODY)
        counts = (("offers", past.offers), ("declined", past.declines), ("missed", past.misses))
        more = (("relaxed", past.relaxations), ("transfers", past.transfers))
        parts = [f"{name} {number}" for name, number in (*counts, *more) if number]
        print(f"\nWaits that are over: {_span(past.waited_ms)}" + (f"; {', '.join(parts)}" if parts else ""))
        print_table(("time", "what"), [(rfc3339(step.at_ms), step.words + _figures(step.data)) for step in past.steps])

    def _print_living(self, board: Mapping[str, Any], agents: Mapping[str, str]) -> None:
        if board.get("state") == "closed":
            return
        print(f"  state on the board  {board.get('state')}, age {_span(int(board.get('age_ms') or 0))}")
        print(f"  rank                {board.get('rank', 0):.0f} (lower goes first)")
        print(f"  priority            {board.get('priority', 0)}")
        print(f"  asks for            {_levels(board.get('requires'))} in {', '.join(board.get('queues') or [])}")
        steps = f"{board.get('stage', 0)} of {board.get('steps', 0)} steps taken"
        following = board.get("next_step_ms")
        print(f"  relaxation          {steps}" + (f", the next at {rfc3339(int(following))}" if following else ""))
        if board.get("held_for"):
            print(f"  held for            {self._name(str(board['held_for']))}")
        if board.get("not_before_ms"):
            print(f"  not before          {rfc3339(int(board['not_before_ms']))}")
        by_reason: dict[str, list[str]] = {}
        for agent_id, reason in agents.items():
            by_reason.setdefault(reason, []).append(self._name(agent_id))
        if by_reason:
            print("\nWho may have it, and the first reason why not:")
            print_table(("agents", "who", "why"), [_row(*pair) for pair in sorted(by_reason.items())])

    def _name(self, agent_id: str) -> str:
        return self._names.get(agent_id, agent_id)


def _row(reason: str, agents: list[str]) -> tuple[str, str, str]:
    shown = sorted(agents)[:_MOST_AGENTS]
    rest = f" and {len(agents) - len(shown)} more" if len(agents) > len(shown) else ""
    return str(len(agents)), ", ".join(shown) + rest, reason_words(reason)


def _levels(skills: object) -> str:
    if not isinstance(skills, dict) or not skills:
        return "no skill"
    return ", ".join(f"{skill} {level:.0f}" for skill, level in sorted(skills.items()))


def _figures(data: Mapping[str, object]) -> str:
    known = [f"{name} {data[name]}" for name in ("score", "rank") if data.get(name)]
    return f"  [{', '.join(known)}]" if known else ""


def _span(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
