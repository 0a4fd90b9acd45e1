"""How likely two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.duplicates import MOST, companies, compare_companies, compare_persons, likeness, persons
from engine.model.customer import CompanyTraits, PersonTraits
from engine.model.naming import person_words


def person(name: str, *emails: str, at: str = "", phone: str = "", one: str = "1") -> PersonTraits:
    addresses = {("email", email) for email in emails} | ({("phone", phone)} if phone else set())
    near = frozenset({at} - {""})
    return PersonTraits(id=one, name=name, addresses=frozenset(addresses), account_ids=near)


def company(name: str, domain: str = "", phone: str = "", one: str = "1") -> CompanyTraits:
    return CompanyTraits(id=one, name=name, domain=domain, phone=phone)


def test_the_same_address_is_certain_whatever_the_name() -> None:
    found = compare_persons(person("Ana", "a@x.org", phone="+441"), person("Ben", "b@x.org", "a@x.org", phone="+441"))
    assert found is not None
    assert (found.score, found.certain, found.reasons) == (1.0, True, ("same-email", "same-phone"))


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (person("Anna Schmidt"), person("Schmidt, Anna"), ("same-name",)),
        (person("王小明"), person("王小明先生"), ("same-name",)),
        (person("Anna Schmidt", at="acme"), person("Ana Schmitt", at="acme"), ("similar-name", "same-account")),
        (
            person("Anna Schmidt", "anna@kettle.example"),
            person("Ana Schmitt", "ana@kettle.example"),
            ("similar-name", "same-domain", "similar-email"),
        ),
        (person("Anna Schmidt", "anna@acme.example"), person("Anna Schmidt", "q@gmail.com"), ("same-name",)),
    ],
)
def test_who_is_likely_the_same_is_suggested_with_reasons(
    one: PersonTraits, other: PersonTraits, reasons: tuple[str, ...]
) -> None:
    found = compare_persons(one, other)
    assert found is not None
    assert found.reasons == reasons
    assert 0.6 <= found.score < 1
    assert not found.certain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person("Anna Schmidt"), person("Ana Schmitt")),  # alike, and nothing else
        (person("Anna Schmidt", at="acme"), person("Ben Carter", at="acme")),
        (person("Anna Schmidt", "anna@gmail.com"), person("Ana Schmitt", "ben@gmail.com")),
        (person("", at="acme"), person("", at="acme")),
    ],
)
def test_who_is_not_is_not(one: PersonTraits, other: PersonTraits) -> None:
    assert compare_persons(one, other) is None


def test_companies() -> None:
    sure = compare_companies(company("Kettle & Crane Ltd"), company("Kettle and Crane"))
    assert sure is not None
    assert (sure.certain, sure.reasons) == (True, ("same-name",))
    shared = compare_companies(company("Kettle", "k.example", "+441"), company("Teapot", "k.example", "+441"))
    assert shared is not None
    assert (shared.certain, shared.reasons) == (True, ("same-domain", "same-phone"))
    near = compare_companies(company("Kettle and Crane"), company("Kettel and Crane GmbH"))
    assert near is not None
    assert (near.certain, near.reasons) == (False, ("similar-name",))
    assert compare_companies(company("小茶壶有限公司"), company("大水杯有限公司")) is None


def test_the_likeliest_come_first_and_oneself_never() -> None:
    one = person("Anna Schmidt", "a@x.example")
    others = [person("Anna Schmidt", one=f"{n:02}") for n in range(30)] + [person("Q", "a@x.example", one="z"), one]
    found = persons(one, others)
    assert len(found) == MOST
    assert (found[0].id, found[1].id) == ("z", "00")
    assert companies(company("Kettle"), [company("Kettle")]) == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_mutual_and_bounded(one: str, other: str) -> None:
    a, b = person_words(one), person_words(other)
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    assert 0 <= likeness(a, b) <= 1
    assert not a or likeness(a, a) == 1
