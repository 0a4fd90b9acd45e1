from dataclasses import replace

import pytest

from engine.channels.email.addresses import AddressBook, Place
from engine.channels.email.tokens import plus_address, token_of
from engine.model.mail_channel import Email
from engine.model.organisation import Channel, Organisation
from tests.organisations import small_organisation

CASE = "01930000-0000-7000-8000-000000000001"


class Held:
    def __init__(self, *organisations: Organisation) -> None:
        self.held = list(organisations)

    def all(self) -> list[Organisation]:
        return self.held


def organisation(org_id: str = "acme", **emails: Email) -> Organisation:
    small = small_organisation(org_id)
    channels = {
        key: Channel(key=key, kind="email", name=key, queue="support", email=email) for key, email in emails.items()
    }
    return replace(small, channels={**small.channels, **channels})


BOTH = {"desk": Email(address="desk@shop.example"), "help": Email(address="help@tea.example")}


def test_the_postmaster_of_each_domain_is_there() -> None:
    book = AddressBook(
        Held(organisation("acme", **BOTH), organisation("zeta", post=Email(address="post@zeta.example")))
    )
    assert book.find("Postmaster@shop.example") == ("acme", "desk")
    assert book.find("postmaster@TEA.example") == ("acme", "help")
    assert book.find("postmaster@zeta.example") == ("zeta", "post")
    assert book.find("postmaster@elsewhere.example") is None
    assert book.find("POSTMASTER") == ("acme", "desk")
    assert book.find("desk") is None
    assert AddressBook(Held()).find("postmaster") is None


def test_who_says_so_is_the_postmaster() -> None:
    says = replace(BOTH["help"], aliases=("postmaster@shop.example",))
    book = AddressBook(Held(organisation(desk=BOTH["desk"], help=says)))
    assert book.find("postmaster@shop.example") == ("acme", "help")
    assert book.find("postmaster") == ("acme", "help")


DESK = Email(
    address="Desk@shop.example", aliases=("help@Bücher.example",), from_by_queue={"sales": "sales@shop.example"}
)


@pytest.mark.parametrize(
    "address",
    [
        "desk@shop.example",
        "DESK@SHOP.EXAMPLE",
        "sales@shop.example",
        "help@bücher.example",
        "help@XN--BCHER-KVA.example",
        plus_address("desk@shop.example", token_of(b"s" * 32, "acme", CASE)),
        plus_address("desk@shop.example", token_of(b"s" * 32, "acme", CASE)).upper(),
        "desk=c" + token_of(b"s" * 32, "acme", CASE) + "@shop.example",
        "desk+cspoilt@shop.example",
        "desk+anything+else@shop.example",
    ],
)
def test_an_address_of_ours_is_found(address: str) -> None:
    book = AddressBook(Held(organisation(desk=DESK)))
    assert book.find(address) == Place("acme", "desk")
    assert book.serves(address)


@pytest.mark.parametrize(
    ("address", "serves"),
    [
        ("nobody@shop.example", True),
        ("desk@elsewhere.example", False),
        ("desk@shop.example@elsewhere.example", False),
        ("desk", False),
        ("", False),
        ("@", False),
        ("+x@shop.example", True),
        ("desk@" + "ü" * 300 + ".example", False),
        ("desk%shop.example@elsewhere.example", False),
    ],
)
def test_others_are_not(address: str, serves: bool) -> None:
    book = AddressBook(Held(organisation(desk=DESK)))
    assert book.find(address) is None
    assert book.serves(address) == serves


def test_the_book_follows_the_configuration() -> None:
    held = Held()
    book = AddressBook(held)
    steps: list[tuple[Organisation, Place | None]] = [
        (organisation(desk=DESK), Place("acme", "desk")),
        (organisation(mail=replace(DESK, address="care@shop.example")), None),
        (organisation(mail=DESK), Place("acme", "mail")),
    ]
    assert book.empty
    for one, found in steps:
        held.held = [one]
        assert book.find("desk@shop.example") == found
    assert not book.empty


def test_an_address_with_plus_of_its_own_is_found_before_the_one_without() -> None:
    held = Held(organisation(desk=DESK, vip=Email(address="desk+vip@shop.example")))
    assert AddressBook(held).find("desk+vip@shop.example") == Place("acme", "vip")
    assert AddressBook(held).find("desk+other@shop.example") == Place("acme", "desk")


def test_an_address_of_two_organisations_is_always_the_same_ones() -> None:
    ours, theirs = organisation("acme", desk=DESK), organisation("zeta", mail=DESK)
    for held in (Held(ours, theirs), Held(theirs, ours)):
        assert AddressBook(held).find("desk@shop.example") == Place("acme", "desk")
