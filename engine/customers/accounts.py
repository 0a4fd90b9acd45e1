"""Accounts: checked, domain and telephone number normalised, likely duplicates told or refused; their families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from engine.clock import Clock
from engine.customers.addresses import phone_key
from engine.customers.contract import MOST_NAMED, AccountRecord, DuplicateRecord, Organisations, Texts
from engine.customers.duplicates import companies
from engine.customers.fields import Defined, checked, checked_new
from engine.errors import Conflict, InvalidInput
from engine.ids import NewId
from engine.model.case_setup import FieldOf
from engine.model.customer import Account, CompanyTraits, Duplicate, Tree
from engine.model.naming import company_keys
from engine.model.search import SearchKind
from engine.model.visibility import EVERYTHING, Sight

RECOGNISED_BY = frozenset({"name", "domain", "phone"})


class Accounts:
    """Keep accounts."""

    def __init__(
        self,
        *,
        record: AccountRecord,
        duplicates: DuplicateRecord,
        texts: Texts,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._record = record
        self._duplicates = duplicates
        self._texts = texts
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def get(self, org_id: str, account_id: str) -> Account:
        """Return an account, or the one it was merged into; raise NotFound."""
        return await self._record.get(org_id, account_id)

    async def list(
        self, org_id: str, *, text: str, parent_id: str, limit: int, before_id: str, sight: Sight = EVERYTHING
    ) -> Sequence[Account]:
        """Return accounts, newest first."""
        named: Sequence[str] = ()
        if text:
            named = await self._texts.newest(org_id, SearchKind.ACCOUNT, text, sight=sight, most=MOST_NAMED)
        return await self._record.list(
            org_id, text=text, parent_id=parent_id, limit=limit, before_id=before_id, named=named, sight=sight
        )

    async def tree(self, org_id: str, account_id: str) -> Tree:
        """Return the whole family of an account; raise NotFound."""
        return await self._record.tree(org_id, account_id)

    async def create(
        self, org_id: str, *, values: Mapping[str, object], despite_duplicates: bool
    ) -> tuple[Account, tuple[Duplicate, ...]]:
        """Keep a new account; return it with those that are likely the same.

        Raises InvalidInput; Conflict(likely-duplicate) when one is certain, unless ``despite_duplicates``.
        """
        now_ms = self._clock.now_ms()
        empty = Account(id=self._new_id(), org_id=org_id, name="", created_ms=now_ms, updated_ms=now_ms)
        account = replace(empty, **self._normalised(org_id, checked_new(values, self._defined(org_id))))
        found = await self._similar(account)
        if not despite_duplicates:
            refuse_certain(found)
        return await self._record.create(account), found

    async def change(
        self,
        org_id: str,
        account_id: str,
        *,
        version: int,
        values: Mapping[str, object],
        despite_duplicates: bool,
    ) -> tuple[Account, tuple[Duplicate, ...]]:
        """Change an account; return it with those that are likely the same if it is recognised otherwise now.

        Raises InvalidInput, NotFound, Conflict: ``stale-version``, ``merged``, ``account-circle``; and
        ``likely-duplicate`` as when it is created.
        """
        before = await self._record.get(org_id, account_id)
        # Fields of another version do no harm: then the change is refused.
        changes = self._normalised(org_id, checked(values, self._defined(org_id), before.fields))
        wanted = replace(before, **changes)
        renamed = any(getattr(before, name) != getattr(wanted, name) for name in RECOGNISED_BY)
        found = await self._similar(wanted) if renamed else ()
        if not despite_duplicates:
            refuse_certain(found)
        now_ms = self._clock.now_ms()
        return await self._record.change(org_id, account_id, version=version, changes=changes, now_ms=now_ms), found

    async def check(self, org_id: str, *, values: Mapping[str, object]) -> tuple[Duplicate, ...]:
        """Return which are likely the same as an account that is not kept yet."""
        return await self._similar(replace(Account(id="", org_id=org_id, name=""), **self._normalised(org_id, values)))

    async def duplicates_of(self, org_id: str, account_id: str) -> tuple[Duplicate, ...]:
        """Return which are likely the same as an account; raise NotFound."""
        return await self._similar(await self._record.get(org_id, account_id))

    async def _similar(self, account: Account) -> tuple[Duplicate, ...]:
        candidates = await self._duplicates.companies(
            account.org_id, name_keys=company_keys(account.name), domain=account.domain, phone=account.phone
        )
        return companies(traits_of(account), candidates)

    def _defined(self, org_id: str) -> Defined:
        return self._organisations.get(org_id).fields.get(FieldOf.ACCOUNT, {})

    def _normalised(self, org_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = dict(values)
        if kept.get("phone"):
            kept["phone"] = phone_key(kept["phone"], self._organisations.get(org_id).region)
        if "domain" in kept:
            kept["domain"] = domain_key(kept["domain"])
        if kept.get("website"):
            kept["website"] = website_address(kept["website"])
        return kept


def traits_of(account: Account) -> CompanyTraits:
    """Return what an account is recognised by."""
    return CompanyTraits(id=account.id, name=account.name, domain=account.domain, phone=account.phone)


def domain_key(domain: str) -> str:
    """Return an e-mail domain as it is compared; raise InvalidInput."""
    key = domain.strip().casefold().rpartition("@")[2].removeprefix("www.")
    if any(one.isspace() or one in "/:" for one in key):
        raise InvalidInput("This is no domain of e-mail addresses.", field="domain", mend="Such as kettle.example.")
    return key


def website_address(website: str) -> str:
    """Return the address of a site, which pages show as a link; raise InvalidInput for any other kind of address."""
    address = website.strip()
    try:
        parts = urlsplit(address if ":" in address else f"https://{address}")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or not address.isprintable():
        raise InvalidInput("This is no address of a website.", field="website", mend="Such as https://kettle.example.")
    return parts.geturl()


def refuse_certain(found: Sequence[Duplicate]) -> None:
    """Raise Conflict when one of the duplicates is certain."""
    if any(one.certain for one in found):
        raise Conflict(
            "the account is there already, as it seems",
            slug="likely-duplicate",
            mend="Use that one, or say `despite_duplicates`.",
            duplicates=[asdict(one) for one in found],
        )
