"""Is a customer entitled to service? Pure: promises and the day go in, one verdict comes out.

An entitlement is for whoever holds it: an asset, a contact, or an account and all accounts beneath it; where it names
several, all of them must fit. Of those that can be used the nearest counts: asset before contact before account before
the account above it; of equally near ones, first one without a bound of cases (nothing is used up), then the one that
ends first, then the older one. Where none can be used the verdict says what stood in the way of the nearest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from engine.model.organisation import Organisation
from engine.model.service import Contract, ContractStatus, Entitled, Entitlement, Promise
from engine.skills.business_time import time_zone

ENDLESS = "9999-12-31"


class Reason(StrEnum):
    """Why a verdict is as it is."""

    HELD = "held"  # it can be used
    USED_UP = "used_up"
    ENDED = "ended"
    CONTRACT_ENDED = "contract_ended"
    NOT_BEGUN = "not_begun"
    CHANNEL = "channel"
    NOTHING = "nothing"  # nobody concerned holds one


_VERDICTS = {
    Reason.HELD: Entitled.ENTITLED,
    Reason.USED_UP: Entitled.USED_UP,
    Reason.ENDED: Entitled.EXPIRED,
    Reason.CONTRACT_ENDED: Entitled.EXPIRED,
}
_ORDER = tuple(Reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who wants service, when and how."""

    on: str  # the day, ISO 8601
    channels: Collection[str] = ()  # key and kind of the channel he came by; empty: by none
    contact_id: str = ""
    accounts: Sequence[str] = ()  # his account and those above it, nearest first
    assets: Collection[str] = ()  # what it is about
    held: str = ""  # the entitlement whose use is counted for this very claim already


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether, by which entitlement, and why."""

    entitled: Entitled
    entitlement: Entitlement | None  # the one that counts, or that came nearest; None: there is none at all
    reason: Reason

    @property
    def plan(self) -> str:
        """Return the key of the plan that is promised, "" for none."""
        usable = self.entitled is Entitled.ENTITLED and self.entitlement is not None
        return self.entitlement.plan if usable and self.entitlement is not None else ""


def verify(promises: Sequence[Promise], claim: Claim) -> Verdict:
    """Judge a claim: entitled, expired, used up or none. The order of ``promises`` does not matter."""
    fitting = [(distance, one) for one in promises if (distance := _distance(one.entitlement, claim)) is not None]
    if not fitting:
        return Verdict(entitled=Entitled.NONE, entitlement=None, reason=Reason.NOTHING)
    judged = [(_judge(one, claim), distance, one.entitlement) for distance, one in fitting]
    reason, _, entitlement = min(judged, key=_rank)
    return Verdict(entitled=_VERDICTS.get(reason, Entitled.NONE), entitlement=entitlement, reason=reason)


def _rank(judged: tuple[Reason, int, Entitlement]) -> tuple[int, int, bool, str, str]:
    reason, distance, one = judged
    return _ORDER.index(reason), distance, one.cases_allowed > 0, one.ends_on or ENDLESS, one.id


def _distance(one: Entitlement, claim: Claim) -> int | None:
    """Return how far its holder is from the claim, 0 = nearest; None when it is for somebody else."""
    distance: int | None = None
    if one.account_id:
        if one.account_id not in claim.accounts:
            return None
        distance = 2 + list(claim.accounts).index(one.account_id)
    if one.contact_id:
        if one.contact_id != claim.contact_id:
            return None
        distance = 1
    if one.asset_id:
        if one.asset_id not in claim.assets:
            return None
        distance = 0
    return distance


def _judge(promise: Promise, claim: Claim) -> Reason:
    one, contract = promise.entitlement, promise.contract
    if one.channels and not set(one.channels) & set(claim.channels):
        return Reason.CHANNEL
    if _not_begun(one.starts_on, claim.on) or (contract is not None and not _in_force_yet(contract, claim.on)):
        return Reason.NOT_BEGUN
    if one.ends_on and one.ends_on < claim.on:
        return Reason.ENDED
    if contract is not None and _over(contract, claim.on):
        return Reason.CONTRACT_ENDED
    used = one.cases_used - (one.id == claim.held)
    return Reason.USED_UP if 0 < one.cases_allowed <= used else Reason.HELD


def _not_begun(starts_on: str, on: str) -> bool:
    return bool(starts_on) and starts_on > on


def _in_force_yet(contract: Contract, on: str) -> bool:
    return contract.status is not ContractStatus.DRAFT and not _not_begun(contract.starts_on, on)


def _over(contract: Contract, on: str) -> bool:
    return contract.status is ContractStatus.ENDED or (bool(contract.ends_on) and contract.ends_on < on)


def channel_names(organisation: Organisation, channel: str) -> tuple[str, ...]:
    """Return the names under which entitlements may mean a channel: its key and its kind."""
    known = organisation.channels.get(channel)
    return (channel, known.kind) if known is not None else ((channel,) if channel else ())


def day_of(organisation: Organisation, at_ms: int) -> str:
    """Return the day in the organisation's time zone, ISO 8601."""
    zone = time_zone(organisation.time_zone)
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(zone).date().isoformat()
