"""Take reports of calls from telephone systems: check who sends them, keep them, tell whoever follows calls.

A request is answered after the commit. Each call of a request is a transaction of its own; what is wrong with one
report holds up none of the others, and a request that is sent again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from engine.buckets import Buckets
from engine.clock import Clock
from engine.cti.contract import CallRecord, Organisations, Secrets, Told
from engine.cti.machine import fold
from engine.cti.registry import READERS
from engine.cti.terms import PhoneKey, agents_of, source_of, terms_of
from engine.errors import CordboardError, InvalidInput, NotFound, TooFast, Unavailable
from engine.model.call import CallChange, CallEvent
from engine.model.organisation import Organisation
from engine.model.voice import CallSource
from engine.skills.signature import check

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenReport:
    """What became of one report."""

    event_id: str = ""
    call_id: str = ""
    error: InvalidInput | None = None  # and then nothing is kept


class CallReception:
    """Take reports."""

    def __init__(
        self,
        *,
        record: CallRecord,
        organisations: Organisations,
        secrets: Secrets,
        phone_key: PhoneKey,
        told: Sequence[Told],
        clock: Clock,
    ) -> None:
        self._record = record
        self._organisations = organisations
        self._secrets = secrets
        self._phone_key = phone_key
        self._told = told
        self._clock = clock
        self._buckets = Buckets()

    async def post(self, org_id: str, source: str, headers: Mapping[str, str], body: bytes) -> list[TakenReport]:
        """Take the reports of a signed request, in their order. Idempotent.

        ``headers``: names in small letters. Raises NotFound (``unknown-organisation``, ``unknown-source``),
        Unauthenticated (``bad-signature``), TooFast, Unavailable, and InvalidInput where no report is good. A cancelled
        call may have taken some.
        """
        organisation = self._organisations.get(org_id)
        _, configured = source_of(organisation, source)
        if configured.kind not in READERS:
            raise NotFound(f"the telephone system {source!r} reports by {configured.kind}", slug="unknown-source")
        now_ms = self._clock.now_ms()
        keys = await self._keys(org_id, configured)
        check(headers, body, keys=keys, now_s=now_ms // 1_000)
        reports = READERS[configured.kind](headers, body, now_ms)
        good = [one for one in reports if isinstance(one, CallEvent)]
        if not good:
            raise next(one for one in reports if isinstance(one, InvalidInput))
        self._pace(org_id, configured, now_ms, len(good))
        calls = await self.take(organisation, source, good)
        return [
            TakenReport(event_id=one.event_id, call_id=calls[one.reference])
            if isinstance(one, CallEvent)
            else TakenReport(error=one)
            for one in reports
        ]

    async def take(self, organisation: Organisation, source: str, events: Sequence[CallEvent]) -> Mapping[str, str]:
        """Take reports that are known to come from ``source``; return its names of calls → our ids. Idempotent.

        Raises NotFound (``unknown-source``), Unavailable.
        """
        channel, _ = source_of(organisation, source)
        terms = terms_of(organisation, channel, self._phone_key)
        whose = agents_of(organisation)
        of_call: dict[str, list[CallEvent]] = {}
        for event in events:
            known = replace(event, agent_id=whose.get(event.party, "") if event.party else "")
            of_call.setdefault(event.reference, []).append(known)
        taking = (self._record.take(organisation.id, source, mine, terms=terms, fold=fold) for mine in of_call.values())
        settled = await asyncio.gather(*taking, return_exceptions=True)
        changes = [one for one in settled if not isinstance(one, BaseException)]
        for change in changes:  # also where another call could not be kept: sent again, these are nothing new
            await self.tell(change)
        for one in settled:
            if isinstance(one, BaseException):
                raise one
        return {change.call.reference: change.call.id for change in changes}

    async def tell(self, change: CallChange) -> None:
        """Tell whoever follows calls; what cannot be told now, the roles find in the record."""
        for told in self._told:
            try:
                await told(change)
            except CordboardError as error:
                log.warning("told of a call later", org=change.call.org_id, call=change.call.id, why=str(error))

    async def _keys(self, org_id: str, source: CallSource) -> tuple[bytes, ...]:
        try:
            return await asyncio.to_thread(self._secrets.read, org_id, source.secret)
        except CordboardError as error:
            log.warning("a telephone system's secret cannot be read", org=org_id, source=source.key, why=str(error))
            raise Unavailable(
                f"The secret of {source.key} cannot be read.", mend="The engine's log says why."
            ) from error

    def _pace(self, org_id: str, source: CallSource, now_ms: int, reports: int) -> None:
        """Count the reports; raise TooFast when there were too many. A request that begins in time is taken whole."""
        key = f"{org_id}/{source.key}"
        for number in range(reports):
            wait_ms = self._buckets.take(key, rate=source.per_second, burst=source.burst, now_ms=now_ms)
            if wait_ms and not number:
                raise TooFast(f"Too many reports of {source.key}.", retry_after_ms=wait_ms)
