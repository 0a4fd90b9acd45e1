"""The automation rules of an organisation, for whoever looks after them: what they did, and what they would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Protocol

from engine.cases.draft import CaseRules
from engine.cases.trying import Imagined, MadeUp, Tried, made_up, tried
from engine.clock import Clock
from engine.ids import NewId
from engine.model.automation import FIRED, HELD, WOULD_FIRE, AutomationRule, FiringCount
from engine.model.casework import CaseFacts, Firing
from engine.model.organisation import Organisation
from engine.skills.business_time import time_zone

DAYS = 7
DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleState:
    """A rule, and what it did within the last seven days."""

    rule: AutomationRule
    fired: FiringCount = field(default_factory=FiringCount)
    would_fire: FiringCount = field(default_factory=FiringCount)  # in dry run
    held: FiringCount = field(default_factory=FiringCount)
    fault: Firing | None = None  # the last one of which an action was passed over


class FactsRecord(Protocol):
    """Read cases in SQL."""

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision would see now; raise NotFound."""
        ...


class FiringRecord(Protocol):
    """Read firings in SQL."""

    async def counts(self, org_id: str, *, since_ms: int, today_ms: int) -> Mapping[str, FiringCount]:
        """Return how often each firing of automation happened since, by its name."""
        ...

    async def faults(self, org_id: str, *, since_ms: int) -> Mapping[str, Firing]:
        """Return the last firing of each rule of which an action was passed over, by its name."""
        ...


class RuleReader(Protocol):
    """Read rules that are not in force."""

    def __call__(
        self, organisation: Organisation, written: str | Sequence[Mapping[str, object]]
    ) -> tuple[AutomationRule, ...]:
        """Return rules written as YAML, or as plain data; raise InvalidInput that names what is wrong."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Rulebook:
    """Tell of automation rules, and try them."""

    def __init__(
        self,
        *,
        cases: FactsRecord,
        firings: FiringRecord,
        reader: RuleReader,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._cases = cases
        self._firings = firings
        self._reader = reader
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def states(self, org_id: str) -> Sequence[RuleState]:
        """Return the rules in their order, with what they did within seven days."""
        organisation = self._organisations.get(org_id)
        now_ms = self._clock.now_ms()
        since_ms = now_ms - DAYS * DAY_MS
        counts = await self._firings.counts(org_id, since_ms=since_ms, today_ms=midnight_ms(organisation, now_ms))
        faults = await self._firings.faults(org_id, since_ms=since_ms)
        none = FiringCount()
        return [
            RuleState(
                rule=rule,
                fired=counts.get(f"{FIRED}{rule.key}", none),
                would_fire=counts.get(f"{WOULD_FIRE}{rule.key}", none),
                held=counts.get(f"{HELD}{rule.key}", none),
                fault=faults.get(f"{FIRED}{rule.key}"),
            )
            for rule in organisation.automation
        ]

    async def try_out(
        self,
        org_id: str,
        imagined: Imagined,
        case: str | MadeUp,
        *,
        written: str | Sequence[Mapping[str, object]] | None = None,
    ) -> Tried:
        """Return what rules would do if something happened to a case: ``case`` is its id, or one made up.

        ``written``: other rules than those in force. Nothing is written. Raises NotFound, InvalidInput, Conflict.
        """
        organisation, now_ms = self._organisations.get(org_id), self._clock.now_ms()
        if written is not None:
            organisation = replace(organisation, automation=self._reader(organisation, written))
        rules = CaseRules(organisation=organisation, new_id=self._new_id)
        if isinstance(case, MadeUp):
            return tried(made_up(case, rules, now_ms=now_ms), imagined, rules)
        return tried(await self._cases.facts(org_id, case, now_ms=now_ms), imagined, rules)


def midnight_ms(organisation: Organisation, now_ms: int) -> int:
    """Return when the organisation's day began."""
    zone = time_zone(organisation.time_zone)
    today = datetime.fromtimestamp(now_ms / 1000, tz=zone).date()
    return int(datetime.combine(today, time(), tzinfo=zone).timestamp() * 1000)
