"""Who signed a message, and when."""

import base64

import pytest

from engine.errors import Unauthenticated
from engine.skills.signature import TOLERANCE_S, check, headers, read_secrets

KEYS = read_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = (b"o" * 32,)
BODY = b'{"test": 2432232314}'
AT_S = 1_614_265_330
# The example of the specification's own libraries (github.com/standard-webhooks/standard-webhooks).
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(AT_S),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_specification_s_own_example() -> None:
    assert headers(message_id=SIGNED["webhook-id"], at_s=AT_S, body=BODY, keys=KEYS) == SIGNED
    check(SIGNED, BODY, keys=KEYS, now_s=AT_S)


@pytest.mark.parametrize("off_s", [-TOLERANCE_S, TOLERANCE_S])
def test_one_of_several_signatures_and_secrets_is_enough(off_s: int) -> None:
    several = {**SIGNED, "webhook-signature": f"v1,AAAA v1a,x {SIGNED['webhook-signature']}"}
    check(several, BODY, keys=(*OTHER, *KEYS), now_s=AT_S + off_s)


@pytest.mark.parametrize(
    ("change", "now_s", "keys", "body"),
    [
        ({"webhook-id": ""}, AT_S, KEYS, BODY),
        ({"webhook-signature": ""}, AT_S, KEYS, BODY),
        ({"webhook-timestamp": "soon"}, AT_S, KEYS, BODY),
        ({"webhook-timestamp": "9" * 5_000}, AT_S, KEYS, BODY),
        ({"webhook-timestamp": "\N{ARABIC-INDIC DIGIT ONE}"}, AT_S, KEYS, BODY),
        ({"webhook-id": "msg_other"}, AT_S, KEYS, BODY),
        ({"webhook-signature": "v1,\N{SNOWMAN}"}, AT_S, KEYS, BODY),
        ({"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()}, AT_S, KEYS, BODY),
        ({}, AT_S + TOLERANCE_S + 1, KEYS, BODY),
        ({}, AT_S - TOLERANCE_S - 1, KEYS, BODY),
        ({}, AT_S, OTHER, BODY),
        ({}, AT_S, KEYS, BODY + b" "),
    ],
)
def test_what_is_not_signed_so_is_refused(
    change: dict[str, str], now_s: int, keys: tuple[bytes, ...], body: bytes
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        check({**SIGNED, **change}, body, keys=keys, now_s=now_s)
    assert refused.value.slug == "bad-signature"
