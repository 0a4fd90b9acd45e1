"""Addresses as they are compared. Pure.

E-mail: trimmed and case-folded; strictly only the domain is case-insensitive (RFC 5321, 2.4), but no provider people
use tells boxes apart by case. Telephone: E.164, by Google's metadata; *possible* numbers are taken, since metadata of
what is *valid* lags behind the numbering plans. Others: the network's own id, as it is.
"""

from __future__ import annotations

import re

import phonenumbers

from engine.errors import InvalidInput
from engine.model.customer import EMAIL, PHONE, email_key

LONGEST_EMAIL = 254
"""Characters, RFC 5321, 4.5.3.1.3."""
LONGEST = 200
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

PUBLIC_DOMAINS = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com",
        "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr",
        "free.fr", "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "aliyun.com",
        "naver.com", "daum.net", "yahoo.co.jp", "docomo.ne.jp",
    }
)  # fmt: skip
"""Domains whose people have nothing in common."""


def normalised(channel: str, value: str, region: str = "") -> str:
    """Return the key of an address; raise InvalidInput.

    ``region``: ISO 3166 code of the country that a number without one is of; "" = only numbers that begin with "+".
    """
    if not _CHANNEL.fullmatch(channel):
        raise InvalidInput("A channel is a short name in small letters.", field="channel")
    if channel == EMAIL:
        return _email(value)
    if channel == PHONE:
        return phone_key(value, region)
    key = value.strip()
    if not 1 <= len(key) <= LONGEST:
        raise InvalidInput(f"An address has 1 to {LONGEST} characters.", field="value")
    return key


def _email(value: str) -> str:
    key = email_key(value)
    if len(key) > LONGEST_EMAIL or not _EMAIL.fullmatch(key):
        raise InvalidInput("This is no e-mail address.", field="value")
    return key


def phone_key(value: str, region: str = "") -> str:
    """Return a telephone number as E.164; raise InvalidInput."""
    mend = "" if region else "Begin with + and the country, or say `region`; the organisation may have one too."
    try:
        number = phonenumbers.parse(value[:LONGEST], region or None)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput("This is no telephone number.", field="value", mend=mend) from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput("This is no telephone number of that country.", field="value", mend=mend)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def checked_region(region: str) -> str:
    """Return a country's code in capitals; raise InvalidInput when telephone numbers know no such country."""
    code = region.strip().upper()
    if code and code not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput(f"There is no country {region!r}.", field="region", mend="Two letters, such as DE or CN.")
    return code


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address that says something about a company; else ``""``."""
    domain = email_key(address).rpartition("@")[2]
    return "" if domain in PUBLIC_DOMAINS else domain
