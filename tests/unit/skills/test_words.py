"""Keywords are found as people mean them."""

import hypothesis
import pytest
from hypothesis import strategies as st

from engine.skills.words import LONGEST_TEXT, contains, fold


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("I want a REFUND!", "refund"),
        ("refund", "Refund"),
        ("money  back? money back.", "money back"),
        ("Rückerstattung bitte", "RÜCKERSTATTUNG"),
        ("STRASSE", "straße"),
        ("ｒｅｆｕｎｄ", "refund"),
        ("我要退款！", "退款"),
        ("我要refund谢谢", "refund"),
        ("VIP客户投诉", "vip客户"),
        ("환불해주세요", "환불"),
        ("返品したい", "返品"),
        ("ฉันต้องการคืนเงิน", "คืนเงิน"),
        ("I write c++ daily", "c++"),
        ("it is c++11", "c++"),
        ("cafe\u0301 closed", "café"),
        ("refunds, refund", "refund"),
        ("a.b", "b"),
        ("ﷺ refund", "refund"),
    ],
)
def test_found(text: str, keyword: str) -> None:
    assert contains(fold(text), keyword)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("my bill", "ill"),
        ("refunds", "refund"),
        ("prerefund", "refund"),
        ("refund_id", "refund"),
        ("nothing", ""),
        ("nothing", "  "),
        ("退还款项", "退款"),
        ("cafe\u0301", "cafe"),
        ("", "refund"),
    ],
)
def test_not_found(text: str, keyword: str) -> None:
    assert not contains(fold(text), keyword)


def test_only_so_much_text_counts() -> None:
    assert contains(fold("x " * (LONGEST_TEXT // 2 - 4) + "refund"), "refund")
    assert not contains(fold("x " * LONGEST_TEXT + "refund"), "refund")


@hypothesis.given(st.text(), st.text(max_size=20))
def test_any_text_and_keyword(text: str, keyword: str) -> None:
    assert contains(fold(text), keyword) in (True, False)


@hypothesis.given(st.text(max_size=50), st.text(alphabet="ab退款é", min_size=1, max_size=5), st.text(max_size=50))
def test_a_keyword_between_spaces_is_found(before: str, keyword: str, after: str) -> None:
    assert contains(fold(f"{before} {keyword} {after}"), keyword)
