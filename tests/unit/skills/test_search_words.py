"""A text is found by everything that stands in it, however it is written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.search import Query
from engine.skills.search_query import parse
from engine.skills.search_words import fold, units, words_of
from tests.writings import TEXTS


def found_by(text: str, question: str) -> bool:
    """Say whether the index finds ``text`` by ``question``."""
    held = words_of(text)
    query: Query = parse(question)
    return bool(query.terms) and all(
        any(
            all(word in held for word in choice.words)
            and (not choice.prefix or any(word.startswith(choice.prefix) for word in held))
            for choice in term.choices
        )
        for term in query.terms
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Refund, please!", ["refund", "please"]),
        ("Café ＣＡＦＥ́ cafe", ["cafe", "cafe", "cafe"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Łódź Ødegård ıİ œuvre", ["lodz", "odegard", "ii", "oeuvre"]),
        ("Ёлка Άνοιξη ΟΔΟΣ", ["елка", "ανοιξη", "οδοσ"]),
        ("我要投诉", ["我", "要", "投", "诉"]),
        ("投訴", ["投", "訴"]),
        ("ｶﾞｷﾞ", ["ガ", "ギ"]),
        ("iPhone手机v2", ["iphone", "手", "机", "v2"]),
        ("१२३ ٤٥", ["123", "45"]),
        ("soft\u00adhyphen zero\u200bwidth", ["softhyphen", "zerowidth"]),
        ("INV-2026/17", ["inv", "2026", "17"]),
        ("x" * 100, ["x" * 64]),
        ("… — ¡ 💔", []),
    ],
)
def test_units(text: str, found: list[str]) -> None:
    assert [unit.text for unit in units(text)] == found


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("my refund is late", "refu"),
        ("my refund is late", "RE"),
        ("my refund is late", "late my"),
        ("我要投诉这个订单", "投诉"),
        ("我要投诉这个订单", "诉"),
        ("我要投诉这个订单", "订单 投诉"),
        ("お茶を返品したい", "返品"),
        ("カフェ", "ｶﾌｪ"),
        ("iPhone手机坏了", "手机 IPHONE"),
        ("write to John.Doe+tea@Example.com.", "john.doe+tea@example.com"),
        ("+49 171 2345678", "0171/234 56 78"),
        ("0171-2345678", "+49 (171) 2345678"),
        ("tel. 2345678 or 0171 9999999", "2345678"),
        ("tel. 2345678 or 0171 9999999", "+491719999999"),
        ("order 10012345 is late", "100123"),
        ("order 10012345 is late", "10012345"),
        ("１２３４５６７８", "12345678"),
    ],
)
def test_found_by(text: str, question: str) -> None:
    assert found_by(text, question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("か", "が"), ("投訴", "投诉"), ("退 款", "退款"), ("退。款", "退款"), ("refund", "fund"),
        ("0171 2345678", "0171 2345679"),
    ],
)  # fmt: skip
def test_not_found_by(text: str, question: str) -> None:
    assert not found_by(text, question)


def test_what_is_asked_for() -> None:
    query = parse('tea "black  leaf" -milk -"with sugar" #12')
    assert [term.units for term in query.terms] == [("tea",), ("black", "leaf"), ("12",)]
    assert [term.units for term in query.without] == [("milk",), ("with", "sugar")]
    assert (query.terms[1].exact, query.terms[2].open, query.number) == (True, True, 0)
    assert parse("＃ 42").number == parse("#42").number == 42
    assert parse("tea ").terms[0].open is False
    assert parse("te* x").terms[0].open is True
    assert parse("“black leaf”").terms == parse('"black leaf"').terms
    for nothing in ("", "  ", '""', "-", "!?", "\0", '"'):
        assert parse(nothing).terms == (), nothing


@given(TEXTS)
def test_a_text_is_found_by_each_of_its_words(text: str) -> None:
    for unit in units(text):
        written = text[unit.start : unit.end]
        assert unit.text in words_of(text)
        if written.isalnum() and fold(written) == unit.text:
            assert found_by(text, f"{written} "), written


@given(TEXTS, st.data())
def test_a_text_without_spaces_is_found_by_each_piece_of_it(text: str, data: st.DataObject) -> None:
    found = units(text)
    if not found:
        return
    first = data.draw(st.integers(0, len(found) - 1))
    last = first
    while last + 1 < len(found) and found[last + 1].run and found[last].run and found[last + 1].joined:
        last += 1
    if found[first].run:
        piece = "".join(unit.text for unit in found[first : last + 1])
        assert found_by(text, piece), piece


@given(TEXTS, st.data())
def test_a_beginning_finds_its_word(text: str, data: st.DataObject) -> None:
    words = [unit.text for unit in units(text) if not unit.run and len(unit.text) > 2 and unit.text.isalnum()]
    for word in words:
        start = word[: data.draw(st.integers(2, len(word)))]
        if [unit.text for unit in units(start)] == [start]:
            assert found_by(text, start), start


@given(TEXTS)
def test_folding_is_done_once_and_for_all(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    for form in ("NFC", "NFD"):
        written = unicodedata.normalize(form, text)
        assert [unit.text for unit in units(written)] == [
            unit.text for unit in units(unicodedata.normalize("NFC", text))
        ]


@given(st.text(max_size=60))
def test_any_question_can_be_read(text: str) -> None:
    parse(text)
