"""Hash and check passwords with Argon2id (RFC 9106).

Parameters: 19 MiB of memory, 2 passes, 1 lane, 16 bytes of salt, 32 bytes of hash: the first choice of the OWASP
Password Storage Cheat Sheet. One check takes about 20 ms of one core, so that a burst of log-ins cannot starve
the engine. Parameters stand in each hash: raising them here makes ``needs_rehash`` true for older ones.

All functions block for that time: call them in a thread, few at a time.
"""

from __future__ import annotations

import argon2

from engine.errors import InvalidInput

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
SHORTEST = 8
"""Least characters of a password (NIST SP 800-63B, section 5.1.1)."""
LONGEST = 1_024
"""Most bytes of a password, so that nobody lets the engine hash megabytes."""


def hash_password(password: str) -> str:
    """Return the hash to keep, with its salt and parameters, in PHC form.

    Raises:
        InvalidInput: the password is shorter than ``SHORTEST`` or longer than ``LONGEST``; slug ``weak-password``.
    """
    if len(password) < SHORTEST:
        raise InvalidInput(
            "the password is too short.", slug="weak-password", mend=f"Choose at least {SHORTEST} characters."
        )
    if _too_long(password):
        raise InvalidInput(
            "the password is too long.", slug="weak-password", mend=f"Choose at most {LONGEST} bytes of UTF-8."
        )
    return _hasher().hash(_bytes(password))


def verify_password(stored: str, password: str) -> bool:
    """Say whether ``password`` is the one that ``stored`` was made of.

    With ``stored`` empty (no such user, or no password set) the answer is False and takes the same time, so that
    nobody learns from the clock which log-ins exist.
    """
    if _too_long(password):
        return False
    if not stored:
        _hasher().hash(_bytes(password))
        return False
    try:
        return _hasher().verify(stored, _bytes(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Say whether ``stored`` was made with other parameters; hash anew at the next successful log-in."""
    try:
        return _hasher().check_needs_rehash(stored)
    except argon2.exceptions.InvalidHashError:
        return True


def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def _too_long(password: str) -> bool:
    return len(_bytes(password)) > LONGEST


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # JSON can carry half a surrogate pair
