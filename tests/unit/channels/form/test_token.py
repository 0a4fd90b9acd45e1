"""Tokens: made here, for one form; and the work upon them."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from engine.channels.form.token import Token, issue, read, seal, unseal, worked

SECRET, PLACE = b"s" * 32, ("acme", "contact")
TEXT = issue(SECRET, PLACE, nonce="n" * 24, now_ms=1_000, bits=6)


def test_a_token_is_known_again() -> None:
    token = read(SECRET, PLACE, TEXT)
    assert token == Token(text=TEXT, made_ms=1_000, bits=6)
    assert token is not None
    assert token.key == sha256(TEXT.encode()).hexdigest()


def test_no_other_is() -> None:
    assert read(b"o" * 32, PLACE, TEXT) is None
    assert read(SECRET, ("acme", "other"), TEXT) is None
    assert read(SECRET, ("acme\ncontact", ""), TEXT) is None
    for position in range(0, len(TEXT), 3):
        assert read(SECRET, PLACE, TEXT[:position] + "0" + TEXT[position + 1 :]) in (None, read(SECRET, PLACE, TEXT))


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    assert read(SECRET, PLACE, text) is None
    assert unseal(SECRET, PLACE, text.encode("utf-8", "replace").decode()) == ""


def test_a_sealed_number_is_known_again() -> None:
    assert unseal(SECRET, PLACE, seal(SECRET, PLACE, "17")) == "17"
    assert unseal(SECRET, ("acme", "other"), seal(SECRET, PLACE, "17")) == ""


def test_only_the_work_that_is_asked_for_counts() -> None:
    token = Token(text=TEXT, made_ms=0, bits=6)
    first = next(number for number in range(10_000) if worked(token, str(number)))
    assert sha256(f"{TEXT}.{first}".encode()).digest()[0] >> 2 == 0
    assert not any(worked(token, str(number)) for number in range(first))
    assert not worked(token, "")
    assert not worked(token, "9" * 100)
    assert worked(Token(text=TEXT, made_ms=0, bits=0), "")
