"""The command that tries automation rules on past cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cases.automation import Outcome, Turn
from engine.cases.draft import CaseRules
from engine.cases.replay import Past, replay
from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import now_ms, pick_organisation, with_store
from engine.clock import rfc3339
from engine.config.compile import load
from engine.config.files import directory_meant
from engine.model.case import Case
from engine.model.case_list import Place
from engine.model.organisation import Organisation

if TYPE_CHECKING:
    from engine.store.store import Store

MOST_CASES = 10_000
MOST_LINES = 1_000
"""Lines of one conversation that are read."""

FIRING = frozenset({Outcome.FIRED, Outcome.WOULD_FIRE})
Last = Annotated[int, typer.Option("--last", min=1, max=MOST_CASES, metavar="N", help="So many of the newest cases.")]
Sample = Annotated[int, typer.Option("--sample", min=0, max=1_000, metavar="N", help="So many firings are shown.")]


def try_rules(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Configuration directory with the rules.")],
    *,
    last: Last = 200,
    sample: Sample = 10,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Say how often automation rules would have fired on past cases. Reads only; nothing is written or told.

    Examples:
      cordboard automation try config
      cordboard automation try config --last 2000 --sample 30 --json

    Exit codes: 0 tried, 1 mistakes in the files or no such organisation, 2 wrong use, 3 the database is away.
    """
    candidate = load(directory_meant(directory))

    async def work(store: Store) -> Trial:
        org_id = await pick_organisation(store, organisation)
        rules = CaseRules(organisation=await _at_home(store, org_id, candidate), new_id=str)
        trial = Trial(rules=rules)
        place: Place | None = None
        while trial.cases < last:
            found = await store.case_lists.page(org_id, limit=min(200, last - trial.cases), after=place)
            for case in found.cases:
                trial.take(case, await _past(store, case))
            place = found.next
            if place is None:
                break
        return trial

    trial = with_store(settings_for(settings_file, data), work)
    if as_json:
        print_json(trial.as_mapping(sample))
    else:
        trial.print(sample)


async def _at_home(store: Store, org_id: str, candidate: Organisation) -> Organisation:
    """Return the candidate as configuration of this organisation: its agents are the users that there are."""
    users = {user.login: user.id for user in await store.users.list(org_id) if user.active}
    agents = {login: replace(one, user_id=users.get(login, "")) for login, one in candidate.agents.items()}
    return replace(candidate, id=org_id, agents=agents)


async def _past(store: Store, case: Case) -> Past:
    facts = await store.cases.facts(case.org_id, case.id, now_ms=now_ms())
    timeline = await store.cases.timeline(case.org_id, case.id, limit=MOST_LINES)
    entries = [entry for one in timeline.conversations for entry in one.entries]
    events = await store.cases.events(case.org_id, case.id)
    return Past(facts=facts, events=events, entries=sorted(entries, key=lambda one: (one.at_ms, one.seq)))


@dataclass(kw_only=True)
class Trial:
    """What is found while cases are gone through."""

    rules: CaseRules
    cases: int = 0
    counts: dict[str, Counter[Outcome]] = field(default_factory=dict)
    of_cases: Counter[str] = field(default_factory=Counter)  # rule → cases on which it would have fired
    firings: list[tuple[Case, int, Turn]] = field(default_factory=list)

    def take(self, case: Case, past: Past) -> None:
        """Go through one case."""
        self.cases += 1
        fired = set[str]()
        for moment in replay(past, self.rules):
            for turn in moment.turns:
                key = turn.rule.key
                self.counts.setdefault(key, Counter())[turn.outcome] += 1
                if turn.outcome in FIRING:
                    fired.add(key)
                    self._keep(case, moment.at_ms, turn)
        self.of_cases.update(fired)

    def _keep(self, case: Case, at_ms: int, turn: Turn) -> None:
        if len(self.firings) < MOST_LINES:
            self.firings.append((case, at_ms, turn))

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return what became of each rule, in their order."""
        return [
            {
                "key": rule.key,
                "enabled": rule.enabled.value,
                "fired": sum(self.counts.get(rule.key, Counter())[one] for one in FIRING),
                "cases": self.of_cases[rule.key],
                "condition": self.counts.get(rule.key, Counter())[Outcome.CONDITION],
                "held": sum(self.counts.get(rule.key, Counter())[one] for one in (Outcome.HELD, Outcome.AGAIN)),
            }
            for rule in self.rules.organisation.automation
        ]

    def as_mapping(self, sample: int) -> dict[str, object]:
        """Return everything, for another program."""
        shown = [
            {
                "case": case.number,
                "at": rfc3339(at_ms),
                "rule": turn.rule.key,
                "occasion": {} if turn.occasion is None else turn.occasion.told(),
                "actions": [dict(one) for one in turn.done],
                "changes": [dict(one) for one in turn.changes],
            }
            for case, at_ms, turn in self.firings[:sample]
        ]
        return {"cases": self.cases, "rules": [dict(row) for row in self.rows()], "sample": shown}

    def print(self, sample: int) -> None:
        """Print it for people."""
        print(f"{self.cases} cases gone through; nothing was changed.\n")
        head = ("rule", "enabled", "would have fired", "on cases", "condition failed", "held")
        names = ("key", "enabled", "fired", "cases", "condition", "held")
        print_table(head, [tuple(str(row[name]) for name in names) for row in self.rows()])
        if not self.firings[:sample]:
            return
        print()
        rows = [
            (f"#{case.number}", rfc3339(at_ms), turn.rule.key, _occasion(turn), _changes(turn))
            for case, at_ms, turn in self.firings[:sample]
        ]
        print_table(("case", "time", "rule", "on", "what"), rows)


def _occasion(turn: Turn) -> str:
    told = {} if turn.occasion is None else turn.occasion.told()
    name = told.get("name")
    return f"{told.get('kind', '')}{f' {name}' if name else ''}"


def _changes(turn: Turn) -> str:
    changed = [f"{one['field']}: {_short(one['from'])} → {_short(one['to'])}" for one in turn.changes]
    others = [str(one["action"]) for one in turn.done if "fault" not in one] if not changed else []
    faults = [f"{one['action']} not: {one['fault']}" for one in turn.done if "fault" in one]
    return "; ".join((*changed, *others, *faults)) or "nothing"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= 40 else f"{text[:39]}…"
