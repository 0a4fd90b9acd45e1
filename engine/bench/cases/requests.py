"""What is asked, drawn at random from what there is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

WORDS = (
    "depot", "invoice", "warranty", "Rechnung falsch", "Garantiefall", "Dampfsensor", "Beschwerde", "投诉", "发票",
    "蒸汽感应器", "保修期", "back door", "tasting", "double boxed", "breakfast buffet", "Seriennummer", "late delivery",
)  # fmt: skip
"""Words that occur, often and rarely, in three languages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None


@dataclass
class Sample:
    """A case that was found, and what it leads to."""

    case_id: str
    version: int
    contact_id: str
    account_id: str
    owner_id: str
    number: int
    name: str


Make = Callable[[Random, Sequence[Sample]], Ask]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of request."""

    name: str
    make: Make
    aim_ms: float = 0.0  # of p99; 0 = none


def _pick(chance: Random, samples: Sequence[Sample]) -> Sample:
    return chance.choice(samples)


def _with_account(chance: Random, samples: Sequence[Sample]) -> Sample:
    return chance.choice([one for one in samples if one.account_id] or samples)


def _create(chance: Random, samples: Sequence[Sample]) -> Ask:
    one = _pick(chance, samples)
    body = {
        "client_id": f"{chance.getrandbits(64):x}",
        "subject": f"Order {chance.randrange(10**6)} has not arrived",
        "contact_id": one.contact_id,
        "account_id": one.account_id,
        "description": "It was to come on Tuesday, and nothing is here yet.",
    }
    return Ask(method="POST", path="/cases", body=body)


def _update(chance: Random, samples: Sequence[Sample]) -> Ask:
    one = _pick(chance, samples)
    body = {"version": one.version, "priority": chance.randrange(1, 900)}
    return Ask(method="PATCH", path=f"/cases/{one.case_id}", body=body)


def _list(**wanted: str) -> Make:
    def make(chance: Random, samples: Sequence[Sample]) -> Ask:
        one = _pick(chance, samples)
        known = {"owner": one.owner_id, "contact_id": one.contact_id, "account_id": one.account_id}
        query = {name: known[name] if value == "?" else value for name, value in wanted.items()}
        return Ask(method="GET", path="/cases", query={"limit": "50", **{k: v for k, v in query.items() if v}})

    return make


def _search(make_words: Callable[[Random, Sample], str]) -> Make:
    return lambda chance, samples: Ask(
        method="GET", path="/search", query={"q": make_words(chance, _pick(chance, samples))}
    )


KINDS = (
    Kind(name="open a case", make=_create),
    Kind(name="change a case", make=_update),
    Kind(
        name="read a case with its timeline",
        make=lambda chance, samples: Ask(method="GET", path=f"/cases/{_pick(chance, samples).case_id}"),
    ),
    Kind(
        name="360 view of a contact",
        make=lambda chance, samples: Ask(method="GET", path=f"/contacts/{_pick(chance, samples).contact_id}/view"),
        aim_ms=50.0,
    ),
    Kind(
        name="360 view of an account",
        make=lambda chance, samples: Ask(
            method="GET", path=f"/accounts/{_with_account(chance, samples).account_id}/view"
        ),
        aim_ms=50.0,
    ),
    Kind(name="list: newest", make=_list()),
    Kind(name="list: an owner's open cases", make=_list(owner="?", kind="open")),
    Kind(name="list: waiting", make=_list(kind="waiting")),
    Kind(name="list: a contact's", make=_list(contact_id="?")),
    Kind(name="list: an account's", make=_list(account_id="?")),
    Kind(name="search: words", make=_search(lambda chance, _: chance.choice(WORDS)), aim_ms=100.0),
    Kind(name="search: a name", make=_search(lambda _, one: one.name), aim_ms=100.0),
    Kind(name="search: a case number", make=_search(lambda _, one: str(one.number)), aim_ms=100.0),
)
