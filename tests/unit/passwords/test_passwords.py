"""Passwords are hashed with Argon2id; nothing about them is guessable from an answer."""

import argon2
import pytest

from engine.errors import InvalidInput
from engine.passwords import LONGEST, hash_password, needs_rehash, verify_password


def test_there_and_back() -> None:
    stored = hash_password("correct horse 马")
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, "correct horse 马")
    assert not verify_password(stored, "correct horse")
    assert not needs_rehash(stored)
    assert hash_password("correct horse 马") != stored


@pytest.mark.parametrize("password", ["", "horse", "1234567", "x" * (LONGEST + 1)])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        hash_password(password)
    assert caught.value.slug == "weak-password"
    assert password not in str(caught.value) or not password


def test_no_account_and_no_password_are_no() -> None:
    assert not verify_password("", "anything")
    assert not verify_password("", "")
    assert not verify_password("not a hash", "anything")
    assert not verify_password(hash_password("x" * LONGEST), "x" * (LONGEST + 1))


def test_half_a_surrogate_pair_does_no_harm() -> None:
    stored = hash_password("\ud83d half a pair")
    assert verify_password(stored, "\ud83d half a pair")


def test_weaker_parameters_are_raised_at_the_next_log_in() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
    assert verify_password(weak, "correct horse")
    assert needs_rehash(weak)
    assert needs_rehash("not a hash")
