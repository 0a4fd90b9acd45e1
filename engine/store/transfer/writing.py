"""Where an imported row is written: the transaction, what was asked for; finding what rows name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import NewId
from engine.model.customer import EMAIL, email_key
from engine.model.naming import company_key
from engine.model.transfer import ImportOptions, ImportRow, Noun, Reference
from engine.store.customers.tables import accounts
from engine.store.customers.writes import holder_of
from engine.store.direct import every, scalar
from engine.store.tables import users
from engine.store.transfer.keys import of_key, present
from engine.store.transfer.tables import external_ids
from engine.store.upsert import insert_once

MOST_ALIKE = 200
"""Accounts of one name's key that are looked at."""

_NAMED: Select[Any] = (
    select(accounts.c.id, accounts.c.name, accounts.c.domain)
    .where(
        accounts.c.org_id == bindparam("org"),
        accounts.c.name_key == bindparam("key"),
        accounts.c.merged_into == bindparam("nothing"),
    )
    .order_by(accounts.c.id)
    .limit(MOST_ALIKE)
)
_USER_ID = select(users.c.id).where(users.c.org_id == bindparam("org"), users.c.id == bindparam("who"))
_USER_LOGIN = select(users.c.id).where(users.c.org_id == bindparam("org"), users.c.login == bindparam("who"))


class Later(InvalidInput):
    """Say that what a row refers to is not there, and that its own row may come later in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """A transaction in which rows of an import are written."""

    conn: Connection
    org_id: str
    options: ImportOptions
    actor_id: str
    new_id: NewId
    now_ms: int
    today: str  # where the organisation is

    def known(self, row: ImportRow) -> str:
        """Return the id of what a row is about by our id or its key, as it is now; ``""``: it is not there.

        Raises NotFound: our id is none; Conflict: id and key are of two different ones.
        """
        noun = self.options.noun
        by_id = self.present(noun, row.id) if row.id else ""
        by_key = self.of_key(noun, row.external_id) if row.external_id else ""
        if row.id and not by_id:
            raise NotFound(f"there is no {noun.value} {row.id}", slug=f"unknown-{noun.value}", field="id")
        if by_id and by_key and by_id != by_key:
            raise Conflict("the external id is that of another one", field="external_id")
        return by_id or by_key

    def of_key(self, noun: Noun, key: str) -> str:
        """Return whose key in the source this is, as it is now; ``""``: nobody's."""
        return of_key(self.conn, self.org_id, noun, source=self.options.source, key=key)

    def present(self, noun: Noun, wanted: str) -> str:
        """Return an id, or that of the one it was merged into; ``""``: it is not there."""
        return present(self.conn, self.org_id, noun, wanted)

    def keep_key(self, row: ImportRow, target_id: str) -> None:
        """Remember what the source calls what a row is about."""
        if not row.external_id:
            return
        link = {
            "org_id": self.org_id,
            "noun": self.options.noun.value,
            "source": self.options.source,
            "external_id": row.external_id,
            "target_id": target_id,
            "created_ms": self.now_ms,
        }
        insert_once(self.conn, external_ids, link)

    def referred(self, row: ImportRow, what: str, noun: Noun) -> str | None:
        """Return the id of what a row refers to; ``""``: nothing from now on; None: it does not say.

        Raises Later where its row may come yet, else InvalidInput.
        """
        found = next((one for one in row.references if one.field.startswith(what)), None)
        if found is None or not found.value:
            return None if found is None else ""
        target = self._target(noun, found)
        if target:
            return target
        error = Later if noun is self.options.noun and found.by != "id" else InvalidInput
        raise error(f"There is no {noun.value} {found.value!r}.", slug=f"unknown-{noun.value}", field=found.field)

    def _target(self, noun: Noun, wanted: Reference) -> str:
        if wanted.by == "external_id":
            return self.of_key(noun, wanted.value)
        if wanted.by == "id":
            return self.present(noun, wanted.value)
        if wanted.by == "email":
            holder = holder_of(self.conn, self.org_id, EMAIL, email_key(wanted.value))
            return "" if holder is None else holder.id
        if noun is Noun.ACCOUNT:
            return self.of_name(wanted.value, field=wanted.field)
        raise InvalidInput(f"A {noun.value} cannot be named so.", field=wanted.field)

    def of_name(self, name: str, *, domain: str = "", field: str = "name") -> str:
        """Return the one account of a name, upper and lower case aside; ``""``: none has it.

        ``domain``: one of another domain is another. Raises InvalidInput where several have it.
        """
        values = {"org": self.org_id, "key": company_key(name), "nothing": ""}
        same = [one for one in every(self.conn, _NAMED, values) if _alike(one.name, name)]
        near = [one for one in same if not domain or not one.domain or one.domain == domain]
        if len(near) > 1:
            raise InvalidInput(f"Several accounts are called {name!r}.", field=field, mend="Name its external id.")
        return str(near[0].id) if near else ""

    def user(self, row: ImportRow) -> str | None:
        """Return the id of the owner that a row names; ``""``: nobody from now on; None: it does not say."""
        found = next((one for one in row.references if one.field.startswith("owner")), None)
        if found is None or not found.value:
            return None if found is None else ""
        query = _USER_ID if found.by == "id" else _USER_LOGIN
        owner = scalar(self.conn, query, {"org": self.org_id, "who": found.value})
        if not owner:
            raise InvalidInput(f"There is no user {found.value!r}.", slug="unknown-user", field=found.field)
        return str(owner)


def _alike(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
