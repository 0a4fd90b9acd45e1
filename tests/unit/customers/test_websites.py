"""A website is a page's address: the console shows it as a link."""

import pytest

from engine.customers.accounts import website_address
from engine.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://kettle.example/shop?x=1", "https://kettle.example/shop?x=1"),
        (" http://kettle.example ", "http://kettle.example"),
        ("kettle.example", "https://kettle.example"),
    ],
)
def test_a_page_s_address_is_kept(written: str, kept: str) -> None:
    assert website_address(written) == kept


@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "https://"])
def test_no_other_address_is_taken(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        website_address(wrong)


@pytest.mark.parametrize("wrong", ["java\nscript:alert(1)", "http://[", "https://a\tb.example"])
def test_what_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        website_address(wrong)
