"""What a row of an import says of a contact or an account: checked as if a person had written it. Pure.

What it refers to, and whether it is there already, the record finds out in the transaction that writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.customers.accounts import domain_key, website_address
from engine.customers.addresses import checked_region, normalised, phone_key
from engine.customers.fields import Defined, checked
from engine.errors import InvalidInput
from engine.model.case_setup import FieldOf, Required
from engine.model.customer import EMAIL, PHONE
from engine.model.organisation import Organisation
from engine.model.transfer import (
    LONGEST_EXTERNAL_ID,
    CellKind,
    Column,
    ImportOptions,
    ImportRow,
    RowAddress,
)
from engine.skills.custom_fields import require
from engine.skills.import_rows import (
    FIELDS,
    IDS,
    KEY,
    TOLD,
    custom_of,
    id_in,
    references_of,
    texts_of,
    with_custom_fields,
)

LINE, NOTES, MOST_ADDRESSES = 200, 20_000, 20
_LANGUAGE = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,39}")

_ACCOUNT = (
    Column(name="account_id", meaning="Our id of the account that he belongs to."),
    Column(name="account_external_id", meaning="The account's key in the same source."),
    Column(name="account", meaning="The account's name, which must be one only's."),
)
_OWNER = (
    Column(name="owner_id", meaning="Our id of the user who looks after the customer."),
    Column(name="owner", meaning="His login."),
)
CONTACT_COLUMNS = (
    *IDS,
    Column(name="name", meaning="Needed for a new contact."),
    Column(name="email", meaning="The main e-mail address."),
    Column(name="phone", meaning="A telephone number; kept as E.164."),
    Column(name="emails", kind=CellKind.LIST, meaning="More e-mail addresses."),
    Column(name="phones", kind=CellKind.LIST, meaning="More telephone numbers."),
    Column(name="addresses", kind=CellKind.JSON, meaning="A list of `{channel, value, label, verified}`."),
    Column(name="language", meaning="Such as de or zh-CN."),
    Column(name="time_zone", meaning="Such as Asia/Shanghai."),
    Column(name="tier"),
    Column(name="title", meaning="What he is in his company."),
    Column(name="notes"),
    *_OWNER,
    *_ACCOUNT,
    FIELDS,
    *TOLD,
)
ACCOUNT_COLUMNS = (
    *IDS,
    Column(name="name", meaning="Needed for a new account."),
    Column(name="domain", meaning="E-mail domain of its people."),
    Column(name="phone", meaning="Kept as E.164."),
    Column(name="website"),
    Column(name="industry"),
    Column(name="tier"),
    Column(name="time_zone", meaning="Such as Asia/Shanghai."),
    Column(name="notes"),
    *_OWNER,
    Column(name="parent_id", meaning="Our id of the account that it belongs to."),
    Column(name="parent_external_id", meaning="That one's key; its row may come later in the file."),
    Column(name="parent", meaning="That one's name, which must be one only's; its row may come later."),
    FIELDS,
    *TOLD,
)
_CONTACT_TEXTS = {"name": LINE, "language": 35, "time_zone": 64, "tier": KEY, "title": LINE, "notes": NOTES}
_ACCOUNT_TEXTS = {
    "name": LINE, "domain": 253, "phone": 60, "website": LINE, "industry": LINE, "tier": KEY, "time_zone": 64,
    "notes": NOTES,
}  # fmt: skip


class ContactRows:
    """Read what rows say of contacts."""

    def columns(self, organisation: Organisation) -> Mapping[str, Column]:
        """Return the columns of a file of contacts, by name."""
        return with_custom_fields(CONTACT_COLUMNS, _defined(organisation, FieldOf.CONTACT))

    def row(
        self,
        organisation: Organisation,
        options: ImportOptions,
        number: int,
        cells: Mapping[str, object],
        given: Mapping[str, object],
    ) -> ImportRow:
        """Return a row as it is to be written; raise InvalidInput with the ``field``."""
        defined = _defined(organisation, FieldOf.CONTACT)
        values = texts_of(cells, _CONTACT_TEXTS)
        checked(values, {}, {})
        if not _LANGUAGE.fullmatch(values.get("language", "")):
            raise InvalidInput("A language is written as de or zh-CN.", field="language")
        region = checked_region(options.region) or organisation.region
        if "email" in cells:
            values["email"] = str(cells["email"] or "").strip()
        return ImportRow(
            number=number,
            given=given,
            id=id_in(cells, "id", KEY),
            external_id=id_in(cells, "external_id", LONGEST_EXTERNAL_ID),
            values=values,
            fields=fields_of(cells, defined),
            addresses=_addresses(cells, region),
            references=references_of(cells),
            not_new=lacking(cells, defined, "A contact has a name."),
        )


class AccountRows:
    """Read what rows say of accounts."""

    def columns(self, organisation: Organisation) -> Mapping[str, Column]:
        """Return the columns of a file of accounts, by name."""
        return with_custom_fields(ACCOUNT_COLUMNS, _defined(organisation, FieldOf.ACCOUNT))

    def row(
        self,
        organisation: Organisation,
        options: ImportOptions,
        number: int,
        cells: Mapping[str, object],
        given: Mapping[str, object],
    ) -> ImportRow:
        """Return a row as it is to be written; raise InvalidInput with the ``field``."""
        defined = _defined(organisation, FieldOf.ACCOUNT)
        values = texts_of(cells, _ACCOUNT_TEXTS)
        checked(values, {}, {})
        if values.get("phone"):
            region = checked_region(options.region) or organisation.region
            values["phone"] = _named("phone", phone_key, values["phone"], region)
        if "domain" in values:
            values["domain"] = domain_key(values["domain"])
        if values.get("website"):
            values["website"] = website_address(values["website"])
        return ImportRow(
            number=number,
            given=given,
            id=id_in(cells, "id", KEY),
            external_id=id_in(cells, "external_id", LONGEST_EXTERNAL_ID),
            values=values,
            fields=fields_of(cells, defined),
            references=references_of(cells),
            not_new=lacking(cells, defined, "An account has a name."),
        )


def _defined(organisation: Organisation, what: FieldOf) -> Defined:
    return organisation.fields.get(what, {})


def fields_of(cells: Mapping[str, object], defined: Defined) -> dict[str, object]:
    """Return the custom fields of a row; None takes a value away. Raises InvalidInput."""
    said = custom_of(cells)
    kept = checked({"fields": said}, defined, {})["fields"]
    return {key: kept.get(key) for key in said}


def lacking(cells: Mapping[str, object], defined: Defined, nameless: str) -> tuple[str, str]:
    """Say which field a row lacks to make something new of it, and how to say so; ``("", "")``: none."""
    if "name" not in cells:
        return "name", nameless
    try:
        require(defined, fields_of(cells, defined), Required.OPENING)
    except InvalidInput as error:
        return str(error.fields.get("field", "")), error.detail
    return "", ""


def _addresses(cells: Mapping[str, object], region: str) -> tuple[RowAddress, ...]:
    """Return the addresses of a contact, the main one first, each once."""
    found: dict[tuple[str, str], RowAddress] = {}
    for column, channel, value, label, verified in _written_addresses(cells):
        if not value.strip():
            continue
        key = _named(column, normalised, channel, value, region)
        one = RowAddress(channel=channel, value=value.strip(), key=key, label=label, verified=verified)
        kept = found.get((channel, key))
        if kept is None or label or verified:
            found[channel, key] = one
    if len(found) > MOST_ADDRESSES:
        raise InvalidInput(f"A contact comes with at most {MOST_ADDRESSES} addresses.", field="addresses")
    return tuple(found.values())


def _written_addresses(cells: Mapping[str, object]) -> list[tuple[str, str, str, str, bool]]:
    found: list[tuple[str, str, str, str, bool]] = []
    for column, channel in (("email", EMAIL), ("phone", PHONE)):
        found.append((column, channel, str(cells.get(column) or ""), "", False))
    for column, channel in (("emails", EMAIL), ("phones", PHONE)):
        more = cells.get(column)
        found += [(column, channel, one, "", False) for one in (more if isinstance(more, list) else [])]
    whole = cells.get("addresses") or []
    if not isinstance(whole, list):
        raise InvalidInput("Addresses are a list.", field="addresses")
    return found + [_as_written(one) for one in whole]


def _as_written(one: object) -> tuple[str, str, str, str, bool]:
    known = {"channel", "value", "label", "verified"}
    if not isinstance(one, Mapping) or not {"channel", "value"} <= one.keys() <= known:
        raise InvalidInput("An address is a `{channel, value, label, verified}`.", field="addresses")
    texts = [one["channel"], one["value"], one.get("label", "")]
    verified = one.get("verified", False)
    if not all(isinstance(text, str) and len(text) <= 254 for text in texts) or not isinstance(verified, bool):
        raise InvalidInput("An address has texts of at most 254 characters.", field="addresses")
    if not _CHANNEL.fullmatch(texts[0]) or len(texts[2]) > LINE:
        raise InvalidInput("An address names its channel, such as email.", field="addresses")
    return "addresses", texts[0], texts[1], texts[2], verified


def _named(column: str, check: object, *given: str) -> str:
    """Call a check, and let what it refuses be said of the column."""
    assert callable(check)
    try:
        return str(check(*given))
    except InvalidInput as error:
        raise InvalidInput(error.detail, field=column, mend=error.mend) from error
