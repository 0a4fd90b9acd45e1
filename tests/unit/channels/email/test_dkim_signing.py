"""Signatures of mail, checked as a receiving server does (RFC 6376, section 6), and what breaks them."""

import base64
import hashlib
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from engine.channels.email.dkim_signing import relaxed_body, relaxed_header, sign
from engine.errors import NotFound

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
ED25519 = ed25519.Ed25519PrivateKey.generate()
SOURCE = (
    b"From: Help <help@shop.example>\r\nTo: zoe@example.org\r\nSubject: Your\r\n  kettle\r\nX-Other: 1\r\n"
    b"MIME-Version: 1.0\r\n\r\nIt is  on its way. \r\n\r\n\r\n"
)
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def pem(key: Key | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def signed(key: Key = RSA, source: bytes = SOURCE) -> bytes:
    return sign(source, domain="Shop.Example", selector="s1", key=pem(key), at_s=1_800_000_000)


def verify(mail: bytes, key: Key = RSA) -> None:
    """Raise InvalidSignature for a mail that is not as it was signed."""
    head, _blank, body = mail.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    own = next(one for one in fields if one.lower().startswith(b"dkim-signature:"))
    tags = dict(part.strip().split(b"=", 1) for part in re.sub(rb"\s+", b"", own.partition(b":")[2]).split(b";"))
    if base64.b64decode(tags[b"bh"]) != hashlib.sha256(relaxed_body(body)).digest():
        raise InvalidSignature("body")
    rest, lines = [one for one in fields if one is not own], []
    for name in tags[b"h"].split(b":"):
        found = [one for one in rest if one.lower().startswith(name + b":")]
        if found:
            lines.append(relaxed_header(found[-1]))
            rest.remove(found[-1])
    lines.append(relaxed_header(re.sub(rb"b=[^;=]*={0,2}$", b"b=", re.sub(rb"\r\n\s", b" ", own))))
    data, signature = b"\r\n".join(lines), base64.b64decode(tags[b"b"])
    if isinstance(key, rsa.RSAPrivateKey):
        key.public_key().verify(signature, data, PKCS1v15(), hashes.SHA256())
    else:
        key.public_key().verify(signature, hashlib.sha256(data).digest())


@pytest.mark.parametrize("key", [RSA, ED25519])
def test_a_signature_holds(key: Key) -> None:
    mail = signed(key)
    verify(mail, key)
    assert mail.endswith(SOURCE)
    assert b" d=shop.example;\r\n s=s1;" in mail
    assert max(map(len, mail.split(b"\r\n"))) < 200


def test_relays_may_fold_anew_and_add_lines_above() -> None:
    mail = signed().replace(b"Your\r\n  kettle", b"Your kettle").replace(b"way. \r\n\r\n\r\n", b"way.\r\n")
    verify(b"Received: from x\r\n" + mail.replace(b"X-Other: 1", b"X-Other: 2"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"on its way", b"lost"),
        (b"To: zoe", b"To: tom"),
        (b"DKIM", b"From: evil@example.org\r\nDKIM"),
        (b"DKIM", b"Subject: Pay\r\nDKIM"),
        (b"DKIM", b"Cc: tom@example.org\r\nDKIM"),
        (b"MIME", b"Reply-To: evil@example.org\r\nMIME"),
        (b"d=shop", b"d=shep"),
    ],
)
def test_what_is_changed_or_added_breaks_it(old: bytes, new: bytes) -> None:
    mail = signed()
    assert old in mail
    with pytest.raises(InvalidSignature):
        verify(mail.replace(old, new, 1))


@pytest.mark.parametrize("key", ["", "no key", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_cannot_be_used_is_named(key: str) -> None:
    with pytest.raises(NotFound) as refused:
        sign(SOURCE, domain="shop.example", selector="s1", key=key, at_s=1)
    assert refused.value.slug == "unknown-secret"


def test_an_empty_body_has_a_hash_too() -> None:
    verify(signed(source=SOURCE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))
