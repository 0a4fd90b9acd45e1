"""HTML becomes the text that a reader sees, and shows what is quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email.html_text import BREAK, MOST_ENTITIES, MOST_TAGS, bounded, html_text

GMAIL = """<div dir="ltr">Still leaks.<div><br></div><div>Ana</div></div><br>
<div class="gmail_quote"><div class="gmail_attr">On Sun, Nov 22, 2026 Tea
&lt;<a href="mailto:help@tea.example">help@tea.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">
<div>Dear Ana<br>does it?<blockquote>old</blockquote></div></blockquote></div>"""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<br>two", "one\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("a&nbsp;&amp;  b\n c", "a & b c"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>1<td>2<tr><td>3</table>", "1 2\n3"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('<a href="https://x.example/a">here</a>', "here <https://x.example/a>"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('<img src="https://spy.example/1.gif"><img alt="Our tea">', "[Our tea]"),
        ("<style>p{}</style><script>x()</script><title>t</title>seen", "seen"),
        ('seen<div style="display:none">preheader</div>', "seen"),
        ("<p>one<p>two<blockquote>three<p>four</blockquote>five", "one\n\ntwo\n\n> three\n>\n> four\n\nfive"),
        ("", ""),
    ],
)
def test_what_html_says(html: str, text: str) -> None:
    assert html_text(html) == text


def test_quoting_begins_where_the_program_says_so() -> None:
    new, quoted = html_text(GMAIL, marks=True).split(BREAK)
    assert new.strip() == "Still leaks.\n\nAna"
    assert quoted.strip().splitlines()[0] == "On Sun, Nov 22, 2026 Tea <help@tea.example> wrote:"
    assert ">> old" in quoted
    assert BREAK not in html_text(GMAIL)


@pytest.mark.parametrize(
    "mark",
    [
        '<div id="divRplyFwdMsg">',
        '<div id="appendonsend"></div><hr>',
        '<div class="moz-cite-prefix">',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">',
        '<div class="yahoo_quoted">',
        '<div id="isReplyContent">',
    ],
)
def test_programs_that_answer_are_known(mark: str) -> None:
    assert html_text(f"<p>new</p>{mark}old words", marks=True).split(BREAK)[0].strip() == "new"


def test_html_has_bounds() -> None:
    assert bounded("<b>" * (MOST_TAGS + 5)).count("<") == MOST_TAGS
    assert html_text("<i>" * MOST_TAGS + "<i>far") == ""


@given(html=st.text(alphabet=st.sampled_from("<>/=&;'\" abp\n-!\ue000"), max_size=200))
def test_nothing_raises(html: str) -> None:
    assert BREAK not in html_text(html)


@pytest.mark.parametrize("sign", ["&nbsp;", "\u00a0", "&amp;"])
def test_a_million_entities_are_not_all_read(sign: str) -> None:
    """All of them would take minutes."""
    assert len(bounded(f"<p>{sign * 300_000}").replace(sign, "x")) <= MOST_ENTITIES + 3
    assert html_text(f"<p>Hi{sign * 300_000}").startswith("Hi")
