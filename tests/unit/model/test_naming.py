"""Names that mean the same meet under one key; folding forgets what nobody minds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.naming import (
    company_key,
    company_keys,
    company_words,
    folded,
    person_key,
    person_keys,
    person_words,
    sound,
    words,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Schmidt", "Schmidt, Anna"),
        ("Anna Schmidt", "ANA SCHMITT"),
        ("Jürgen Müller", "Jurgen Mueller"),
        ("Zoë Ødegård", "zoe odegard"),
        ("Dr. Anna Schmidt", "Frau Anna Schmidt"),
        ("王小明", "王小明先生"),
        ("王小明", "王 小明"),
        ("ｚｏｅ　Ｓｍｉｔｈ", "Zoe Smyth"),
        ("김민수", "김민수 님"),
    ],
)
def test_likely_the_same_person_has_the_same_key(one: str, other: str) -> None:
    assert person_key(one) == person_key(other) != ""


def test_a_longer_name_looks_for_shorter_ones() -> None:
    assert person_key("Anna Schmidt") in person_keys("Anna-Maria Schmidt-Lorenz")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kettle & Crane Ltd", "Kettle and Crane Limited"),
        ("Müller GmbH & Co. KG", "Mueller"),
        ("The Tea House S.A.R.L.", "Tea House"),
        ("小茶壶科技有限公司", "小茶壶有限责任公司"),
        ("株式会社山田製作所", "山田製作所（株）"),
        ("Acme, Inc.", "ACME corp"),
    ],
)
def test_likely_the_same_company_has_the_same_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other) != ""


def test_a_company_is_found_by_any_of_its_words() -> None:
    assert company_key("Crane") in company_keys("Kettle & Crane Ltd")
    assert company_key("小茶壶有限公司") in company_keys("上海小茶壶科技有限公司")


def test_a_company_that_is_called_after_a_legal_form_keeps_its_name() -> None:
    assert company_words("AG") == ["ag"]
    assert company_words("Company Co. Ltd.") == ["company"]
    assert company_words("有限公司") == ["有限公司"]


def test_folding_keeps_what_tells_words_apart() -> None:
    assert folded("Straße") == "strasse"
    assert folded("バラ") != folded("ハラ"), "a voicing mark is no accent"
    assert folded("한국") == "한국"
    assert words("O'Neill-Smith 王小明") == ["o", "neill", "smith", "王小明"]
    assert person_words("Mr") == ["mr"]


@pytest.mark.parametrize(
    ("word", "code"), [("robert", "r163"), ("rupert", "r163"), ("tymczak", "t522"), ("pfister", "p236"), ("", "0000")]
)
def test_sound(word: str, code: str) -> None:
    assert sound(word) == code


@given(st.text(max_size=60))
def test_any_text_has_short_keys_of_its_own(name: str) -> None:
    for key, keys in ((person_key(name), person_keys(name)), (company_key(name), company_keys(name))):
        assert len(key) <= 9
        assert len(keys) <= 14
        assert (not key and not keys) or keys[0] == key
    assert folded(folded(name)) == folded(name) or len(name) > 50
