"""What authors of mail mark is shown as such, and nothing else gets into the HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email.markup import html_of, marked


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("Hello\nyou\n\nBye", "<p>Hello<br>you</p>\n<p>Bye</p>"),
        ("It is **on its way**.", "<p>It is <strong>on its way</strong>.</p>"),
        ("2 ** 3 ** 4", "<p>2 ** 3 ** 4</p>"),
        ("So:\n- tea\n- **milk**\nOr:", "<p>So:</p>\n<ul><li>tea</li><li><strong>milk</strong></li></ul>\n<p>Or:</p>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("[our shop](https://shop.example/a?b&c).", '<p><a href="https://shop.example/a?b&amp;c">our shop</a>.</p>'),
        ("(https://shop.example/x).", '<p>(<a href="https://shop.example/x">https://shop.example/x</a>).</p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('<img src=x> & "', "<p>&lt;img src=x&gt; &amp; &quot;</p>"),
    ],
)  # fmt: skip
def test_marks_become_html(words: str, html: str) -> None:
    assert html_of(words) == html


def test_the_whole_mail_is_there() -> None:
    html = html_of("Yes.", signature="Ana\nTea", quoted="Vera wrote:\n> Is it?\n>> <b>\n> Well", marker="[case:x]")
    assert "<p>-- <br>Ana<br>Tea</p>" in html
    assert html.count("<blockquote") == html.count("</blockquote>") == 2
    assert "&lt;b&gt;" in html
    assert html.endswith("[case:x]</p>")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Hello", False),
        ("a - b", False),
        ("https://shop.example", False),
        ("**a**", True),
        ("x\n- y", True),
        ("[a](https://b.c)", True),
    ],
)
def test_only_marked_words_need_html(words: str, found: bool) -> None:
    assert marked(words) is found


@given(st.text(alphabet="*[]()-<>&\"' \nahtps:/.1>", max_size=300), st.text(alphabet="> <b\n", max_size=60))
def test_whatever_is_written_no_other_elements_come_out(words: str, quoted: str) -> None:
    html = html_of(words, quoted=quoted)
    names = set(re.findall(r"<(/?[a-z]*)", html))
    allowed = {"p", "br", "strong", "ul", "ol", "li", "a", "div", "blockquote"}
    assert names <= allowed | {f"/{one}" for one in allowed}
    assert all(href.startswith(("http://", "https://")) for href in re.findall(r'href="([^"]*)"', html))


def test_a_hostile_text_takes_no_time() -> None:
    for piece in ("**a", "[", "[a](https://", "- ", "1. ", "> " * 50, "*"):
        assert html_of((piece * 100_000)[:100_000], quoted=(piece * 100_000)[:100_000])
