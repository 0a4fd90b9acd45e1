"""Accounts in families, and the contacts of each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.demo_data.scale import ACCOUNTS, DAY_MS, FAMILY, Rows, Scale, day
from engine.demo_data.words import (
    FIRST,
    FORMS,
    LANGUAGES,
    LAST,
    PLACES,
    REGIONS,
    ROLES,
    ROMAN,
    SHARES,
    TIERS,
    TRADES,
    ZONES,
)
from engine.model.naming import company_key

FICTION = 80_000
"""Telephone numbers that are kept for fiction: 555-0100 to 555-0199 of each area code (NANPA)."""
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "'": "", "ı": "i"})
_MIX = 2_654_435_761  # Knuth's multiplicative hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A contact."""

    number: int
    id: str
    name: str
    language: str
    email: str
    account_id: str  # "" = a consumer
    created_ms: int


def accounts_of(family: int) -> int:
    """Return how many accounts a family has."""
    return 1 + (family * _MIX >> 7) % ACCOUNTS


def account_id(scale: Scale, family: int, place: int) -> str:
    """Return the id of an account of a family; the first is the root."""
    return scale.id_of("account", family * ACCOUNTS + place, scale.since_ms + family % 360 * DAY_MS)


def person(scale: Scale, number: int) -> Person:
    """Return a contact by number."""
    chance = scale.chance("contact", number)
    family, place = divmod(number, FAMILY)
    (language,) = chance.choices(LANGUAGES, SHARES)
    first, last = chance.choice(FIRST[language]), chance.choice(LAST[language])
    name = f"{last}{first}" if language == "zh" else f"{first} {last}"
    local = f"{ROMAN[last]}.{number}" if language == "zh" else f"{first}.{last}.{number}".lower().translate(_PLAIN)
    consumer = place >= FAMILY - 2
    created_ms = scale.since_ms + chance.randrange(200) * DAY_MS
    return Person(
        number=number,
        id=scale.id_of("contact", number, created_ms),
        name=name,
        language="zh-CN" if language == "zh" else language,
        email=f"{scale.tag}{local}@{_domain(scale, family) if not consumer else 'mail.example'}",
        account_id="" if consumer else account_id(scale, family, place % accounts_of(family)),
        created_ms=created_ms,
    )


def family_rows(scale: Scale, family: int) -> Rows:
    """Return the rows of a family: accounts, their teams, contacts with their addresses and relations."""
    rows: Rows = {
        name: [] for name in ("accounts", "account_team", "contacts", "contact_addresses", "account_relations")
    }
    for place in range(accounts_of(family)):
        _account(scale, family, place, rows)
    for place in range(FAMILY):
        _contact(scale, person(scale, family * FAMILY + place), family, rows)
    return rows


def _domain(scale: Scale, family: int) -> str:
    place = PLACES[family % len(PLACES)].lower().translate(_PLAIN)
    return "".join(letter for letter in place if letter.isalnum()) + f"{scale.tag}{family}.example"


def _account(scale: Scale, family: int, place: int, rows: Rows) -> None:
    chance = scale.chance("account", family * ACCOUNTS + place)
    root = scale.chance("family", family)
    industry = root.choice(tuple(TRADES))
    base = f"{PLACES[family % len(PLACES)]} {root.choice(TRADES[industry])}"
    name = (
        f"{base} {root.choice(FORMS)}".strip() if place == 0 else f"{base} {REGIONS[(family + place) % len(REGIONS)]}"
    )
    created_ms = scale.since_ms + family % 360 * DAY_MS
    one = account_id(scale, family, place)
    domain = _domain(scale, family)
    rows["accounts"].append(
        {
            "id": one,
            "name": name,
            "name_key": company_key(name),
            # The family is a chain at the top and flat beneath: the second belongs to the first, the others to it.
            "parent_id": "" if place == 0 else account_id(scale, family, min(place - 1, 1)),
            "domain": domain,
            "website": f"https://{domain}",
            "industry": industry,
            "tier": root.choice(TIERS),
            "owner_id": _agent(scale, family),
            "time_zone": chance.choice(tuple(ZONES.values())),
            "search": f"{name} {domain}".casefold(),
            "version": 1,
            "created_ms": created_ms,
            "updated_ms": created_ms,
        }
    )
    for offset in range(min(2, len(scale.agents))):
        access = "edit" if offset == 0 else "read"
        rows["account_team"].append(
            {
                "account_id": one,
                "user_id": scale.agents[(family + offset) % len(scale.agents)][0],
                "role": "account manager" if offset == 0 else "deputy",
                "account_access": access,
                "case_access": access,
                "created_ms": created_ms,
            }
        )


def _agent(scale: Scale, number: int) -> str:
    return scale.agents[number % len(scale.agents)][0] if scale.agents else ""


def _contact(scale: Scale, one: Person, family: int, rows: Rows) -> None:
    chance = scale.chance("details", one.number)
    rows["contacts"].append(
        {
            "id": one.id,
            "name": one.name,
            "email": one.email,
            "email_key": one.email,
            "language": one.language,
            "time_zone": ZONES[one.language[:2]],
            "tier": chance.choice(TIERS) if not one.account_id else "",
            "title": chance.choice(ROLES) if one.account_id else "",
            "search": f"{one.name} {one.email}".casefold(),
            "version": 1,
            "created_ms": one.created_ms,
            "updated_ms": one.created_ms,
        }
    )
    for channel, value in _addresses(scale, one):
        rows["contact_addresses"].append(
            {
                "id": scale.id_of(channel, one.number, one.created_ms),
                "contact_id": one.id,
                "channel": channel,
                "value": value,
                "key": value,
                "verified_ms": one.created_ms if chance.random() < 0.7 else 0,
                "created_ms": one.created_ms,
            }
        )
    _relations(scale, one, family, rows)


def _addresses(scale: Scale, one: Person) -> Sequence[tuple[str, str]]:
    addresses = [("email", one.email)]
    if not scale.tag and one.number < FICTION:
        area, line = divmod(one.number, 100)
        addresses.append(("phone", f"+1{200 + area}55501{line:02d}"))
    if one.language == "zh-CN":
        addresses.append(("wechat", f"{scale.tag}wx_{one.number:06d}"))
    elif one.number % 5 == 0:
        addresses.append(("whatsapp", f"{scale.tag}wa_{one.number:06d}"))
    return addresses


def _relations(scale: Scale, one: Person, family: int, rows: Rows) -> None:
    if not one.account_id:
        return
    chance = scale.chance("relations", one.number)
    since = day(one.created_ms)
    ties = [{"account_id": one.account_id, "direct": 1, "role": chance.choice(ROLES), "from_date": since}]
    others = [account_id(scale, family, place) for place in range(accounts_of(family))]
    others = [other for other in others if other != one.account_id]
    if others and one.number % 3 == 0:
        past = one.number % 2 == 0
        until = day(one.created_ms + 90 * DAY_MS) if past else ""
        ties.append({"account_id": others[0], "role": "adviser", "from_date": since, "to_date": until})
    for place, tie in enumerate(ties):
        made = {"id": scale.id_of("relation", one.number * 2 + place, one.created_ms), "contact_id": one.id}
        rows["account_relations"].append({**made, **tie, "created_ms": one.created_ms})
