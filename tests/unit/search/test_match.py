"""Where terms stand, which piece of a text is shown, what comes first."""

from engine.model.search import Document, Found, SearchKind
from engine.search.match import SNIPPET, look, score, shown, whole
from engine.skills.search_query import parse


def found(body: str, title: str = "") -> Found:
    document = Document(kind=SearchKind.MESSAGE, ref_id="i", seq=1, at_ms=0, title=title, body=body)
    return Found(doc=1, document=document)


def marked(body: str, question: str) -> list[str]:
    """Return what is marked in a body."""
    seen = look(found(body), parse(question))
    assert seen is not None
    piece = shown(body, seen.body)
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
    assert look(found("tea black"), parse('"black tea"')) is None
    assert look(found("black tea"), parse('"black tea"')) is not None
    assert look(found("black tea"), parse('tea -"black tea"')) is None
    assert look(found("tea black"), parse('tea -"black tea"')) is not None


def test_the_piece_shown_is_around_what_was_found() -> None:
    body = f"{'far away ' * 60}the teapot broke {'and more ' * 60}"
    seen = look(found(body), parse("teapot broke"))
    assert seen is not None
    piece = shown(body, seen.body)
    assert len(piece.text) <= SNIPPET
    assert [piece.text[begin:end] for begin, end in piece.marks] == ["teapot", "broke"]
    assert shown("short", ()).text == "short"
    assert shown(body, ()).text == body[:SNIPPET]
    assert whole("tea pot", (((0, 3), (2, 5)),)).marks == ((0, 5),)


def test_rare_words_titles_and_young_texts_come_first() -> None:
    query = parse("tea common ")

    def worth(body: str, title: str = "", age_ms: int = 0) -> float:
        seen = look(found(body, title), query)
        assert seen is not None
        return score(seen, query, counts={"tea": 3, "common": 900}, documents=1_000, age_ms=age_ms)

    assert worth("tea") > worth("common") > worth("neither")
    assert worth("x", title="tea") > worth("tea x")
    assert worth("tea") > worth("tea" + " long" * 200)
    assert worth("tea") > worth("tea", age_ms=60 * 86_400_000) > 0
    assert worth("tea tea") - worth("tea") > worth("tea tea tea") - worth("tea tea")
