"""Things and promises as people and other systems write them: checked, then kept under a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from engine.clock import Clock
from engine.errors import InvalidInput, NotFound
from engine.ids import NewId
from engine.model.organisation import Organisation
from engine.model.service import Asset, Contract, Entitlement, Order, Promise
from engine.model.visibility import EVERYTHING, Sight
from engine.skills.entitlement import Claim, Verdict, channel_names, day_of, verify

N = TypeVar("N")


class Keeper(Protocol[N]):
    """Keep one kind of noun; each method is one transaction."""

    async def get(self, org_id: str, noun_id: str) -> N:
        """Return one; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        *,
        wanted: Mapping[str, str],
        limit: int,
        before_id: str | None = None,
        sight: Sight = EVERYTHING,
    ) -> Sequence[N]:
        """Return the newest first."""
        ...

    async def create(self, noun: N) -> N:
        """Keep a new one; raise InvalidInput, Conflict."""
        ...

    async def change(self, org_id: str, noun_id: str, *, version: int, changes: Mapping[str, object], now_ms: int) -> N:
        """Change one under its version; raise NotFound, InvalidInput, Conflict."""
        ...

    async def delete(self, org_id: str, noun_id: str) -> None:
        """Delete one; raise NotFound, Conflict (``in-use``)."""
        ...


class Entitlements(Keeper[Entitlement], Protocol):
    """Keep entitlements."""

    async def promises(
        self, org_id: str, *, contact_id: str = "", account_id: str = "", assets: Sequence[str] = ()
    ) -> tuple[Sequence[Promise], tuple[str, ...]]:
        """Return what these may claim, and the account with those above it."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Service:
    """Write assets, orders, contracts and entitlements; say who is entitled."""

    def __init__(
        self,
        *,
        assets: Keeper[Asset],
        orders: Keeper[Order],
        contracts: Keeper[Contract],
        entitlements: Entitlements,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self.assets = assets
        self.orders = orders
        self.contracts = contracts
        self.entitlements = entitlements
        self._organisations = organisations
        self._clock = clock
        self.new_id = new_id

    def now_ms(self) -> int:
        """Return the time."""
        return self._clock.now_ms()

    async def add_contract(self, contract: Contract) -> Contract:
        """Keep a contract; raise InvalidInput, Conflict."""
        _check_period(contract.starts_on, contract.ends_on)
        return await self.contracts.create(contract)

    async def change_contract(
        self, org_id: str, contract_id: str, *, version: int, changes: Mapping[str, object]
    ) -> Contract:
        """Change a contract; raise NotFound, InvalidInput, Conflict."""
        before = await self.contracts.get(org_id, contract_id)
        _check_period(_text(changes, "starts_on", before.starts_on), _text(changes, "ends_on", before.ends_on))
        return await self.contracts.change(
            org_id, contract_id, version=version, changes=changes, now_ms=self._clock.now_ms()
        )

    async def add_entitlement(self, entitlement: Entitlement) -> Entitlement:
        """Keep an entitlement; without a holder it is its contract's account's. Raises InvalidInput."""
        one = entitlement
        if one.contract_id and not one.account_id:
            try:
                contract = await self.contracts.get(one.org_id, one.contract_id)
            except NotFound as error:
                raise InvalidInput(
                    "What contract_id names is not there.", slug="unknown-contract", field="contract_id"
                ) from error
            one = replace(one, account_id=contract.account_id)
        self._check(one)
        return await self.entitlements.create(one)

    async def change_entitlement(
        self, org_id: str, entitlement_id: str, *, version: int, changes: Mapping[str, object]
    ) -> Entitlement:
        """Change an entitlement; how often it was used stays. Raises NotFound, InvalidInput, Conflict."""
        before = await self.entitlements.get(org_id, entitlement_id)
        self._check(replace(before, **changes))  # type: ignore[arg-type] # the schema has checked the types
        return await self.entitlements.change(
            org_id, entitlement_id, version=version, changes=changes, now_ms=self._clock.now_ms()
        )

    async def verify(
        self, org_id: str, *, on: str, channel: str, contact_id: str, account_id: str, assets: Sequence[str]
    ) -> Verdict:
        """Say whether these would be entitled on a day ("" = today); nothing is counted."""
        organisation = self._organisations.get(org_id)
        promises, line = await self.entitlements.promises(
            org_id, contact_id=contact_id, account_id=account_id, assets=assets
        )
        claim = Claim(
            on=on or day_of(organisation, self._clock.now_ms()),
            channels=channel_names(organisation, channel),
            contact_id=contact_id,
            accounts=line,
            assets=assets,
        )
        return verify(promises, claim)

    def _check(self, one: Entitlement) -> None:
        _check_period(one.starts_on, one.ends_on)
        if not (one.account_id or one.contact_id or one.asset_id):
            raise InvalidInput("Say whose it is: an account, a contact or an asset.", field="account_id")
        organisation = self._organisations.get(one.org_id)
        known = {*organisation.channels, *(channel.kind for channel in organisation.channels.values())}
        for name in one.channels:
            if name not in known:
                raise InvalidInput(f"There is no channel {name[:40]!r}.", field="channels")
        if one.plan and one.plan not in organisation.plans:
            raise InvalidInput(f"There is no plan {one.plan[:40]!r}.", field="plan")


def _text(changes: Mapping[str, object], name: str, before: str) -> str:
    return str(changes.get(name, before))


def _check_period(starts_on: str, ends_on: str) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidInput("It ends before it begins.", field="ends_on")
