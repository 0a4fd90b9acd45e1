"""Where terms stand, which piece of a text is shown, what comes first."""

from hypothesis import given
from hypothesis import strategies as st

from engine.model.search import Document, Found, SearchKind
from engine.search.match import SNIPPET, look, meet, score, shown, spans, whole
from engine.skills.search_query import parse
from engine.skills.search_words import FLAT_UNIT, WORD_LENGTH, flat, units
from tests.writings import TEXTS


def found(body: str, title: str = "") -> Found:
    document = Document(kind=SearchKind.MESSAGE, ref_id="i", seq=1, at_ms=0, title=title, body=body)
    return Found(doc=1, document=document)


def marked(body: str, question: str) -> list[str]:
    """Return what is marked in a body."""
    piece = shown(body, look(found(body), parse(question)).body)
    return [piece.text[begin:end] for begin, end in piece.marks]


def test_what_was_found_is_marked_as_it_is_written() -> None:
    assert marked("The REFUNDS of Café", "refu cafe ") == ["Café"]
    assert marked("The REFUNDS of Café", "cafe refu") == ["REFUNDS", "Café"]
    assert marked("我要投诉, 投诉!", "投诉") == ["投诉", "投诉"]
    assert marked("Ｆｕｌｌ  ｗｉｄｔｈ", "full width") == ["Ｆｕｌｌ", "ｗｉｄｔｈ"]
    assert marked("call +49 (171) 234-5678 now", "0171 2345678") == ["+49 (171) 234-5678"]
    assert marked("mail John.Doe@example.com.", "john.doe@example.com") == ["John.Doe@example.com"]
    assert marked("退款投诉处理", "款投诉") == ["款投诉"]


def test_what_stands_apart_is_no_answer() -> None:
    assert meet(found("tea black"), parse('"black tea"')) is None
    assert meet(found("black tea"), parse('"black tea"')) is not None
    assert meet(found("black tea"), parse('tea -"black tea"')) is None
    assert meet(found("tea black"), parse('tea -"black tea"')) is not None


def test_the_piece_shown_is_around_what_was_found() -> None:
    body = f"{'far away ' * 60}the teapot broke {'and more ' * 60}"
    piece = shown(body, look(found(body), parse("teapot broke")).body)
    assert len(piece.text) <= SNIPPET
    assert [piece.text[begin:end] for begin, end in piece.marks] == ["teapot", "broke"]
    assert shown("short", ()).text == "short"
    assert shown(body, ()).text == body[:SNIPPET]
    assert whole("tea pot", (((0, 3), (2, 5)),)).marks == ((0, 5),)


def test_rare_words_titles_and_young_texts_come_first() -> None:
    query = parse("tea common ")

    def worth(body: str, title: str = "", age_ms: int = 0) -> float:
        met = meet(found(body, title), query)
        assert met is not None
        return score(met, query, counts={"tea": 3, "common": 900}, documents=1_000, age_ms=age_ms)

    assert worth("tea") > worth("common") > worth("neither")
    assert worth("x", title="tea") > worth("tea x")
    assert worth("tea") > worth("tea" + " long" * 200)
    assert worth("tea") > worth("tea", age_ms=60 * 86_400_000) > 0
    assert worth("tea tea") - worth("tea") > worth("tea tea tea") - worth("tea tea")


@given(TEXTS)
def test_a_text_folded_at_one_stroke_has_the_same_units(text: str) -> None:
    plain = flat(text)
    if plain is not None:
        assert [unit[:WORD_LENGTH] for unit in FLAT_UNIT.findall(plain)] == [unit.text for unit in units(text)]
    in_place = flat(text, in_place=True)
    if in_place is not None:
        assert [one.span() for one in FLAT_UNIT.finditer(in_place)] == [(one.start, one.end) for one in units(text)]


@given(TEXTS, TEXTS, st.data())
def test_terms_are_counted_and_marked_as_they_are_found_unit_by_unit(
    body: str, title: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(body)))
    question = data.draw(st.sampled_from(("{}", "{} ", '"{}"', "{}*"))).format(
        body[begin : begin + data.draw(st.integers(1, 8))]
    )
    query = parse(question)
    seen = look(found(body, title), query)
    for term, above, below in zip(query.terms, seen.title, seen.body, strict=True):
        if term.units:
            assert (above, below) == (spans(units(title), term), spans(units(body), term)), question
    met = meet(found(body, title), query)
    if met is not None:
        assert met.title == tuple(map(len, seen.title))
        assert met.body == tuple(map(len, seen.body))
        assert met.length == len(units(title)) + len(units(body))
    else:
        assert any(
            term.exact and not above and not below
            for term, above, below in zip(query.terms, seen.title, seen.body, strict=True)
        ) or any(term.exact for term in query.without)


def test_long_words_are_known_by_their_beginning() -> None:
    long = "x" * WORD_LENGTH
    assert marked(f"a {long}yz b", f"{long} ") == [f"{long}yz"]
    assert marked(f"ä {long}yz b", f"{long}yz ") == [f"{long}yz"]
    assert meet(found(f"{long}yz"), parse(f'"{long} a"')) is None
