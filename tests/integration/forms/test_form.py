"""A form without a script, over HTTP: what it shows, what it says of what is wrong, whom it lets in."""

import re

import httpx

from engine.model.form import FormField
from tests.integration.api.engine_under_test import Engine
from tests.integration.forms.engine import Page, cases_of, reconfigure, text_of, token_in


async def test_gone_back_and_changed_it_is_shown_again(engine: Engine, page: Page, org: str) -> None:
    await page.send()
    changed = await page.send(description="Something else")
    assert changed.status_code == 422
    assert "You have sent this form before (1)" in text_of(changed.text)
    assert "Something else" in changed.text
    page.token = token_in(changed.text)
    assert "number 2" in await page.thanks(await page.send(description="Something else"))
    assert len(await cases_of(engine, org)) == 2


async def test_what_is_wrong_stands_beside_its_field(engine: Engine, page: Page, org: str) -> None:
    typed = {"name": '"><script>x</script>', "email": "nobody", "phone": "12", "case.tins": "99", "topic": "no"}
    answer = await page.send(typed, [("note.txt", b"x", "text/plain")])
    assert answer.status_code == 422
    shown = text_of(answer.text)
    for fault in ("no e-mail address", "no telephone number", "At most 9", "choose one", "Please fill in this field"):
        assert fault in shown
    assert "choose your files again" in shown
    assert 'value="&#34;&gt;&lt;script&gt;x&lt;/script&gt;"' in answer.text
    assert len(re.findall(r'<(?:input|select|textarea) [^>]*aria-invalid="true"', answer.text)) == 5
    assert await cases_of(engine, org) == []
    assert (await page.send()).status_code == 303, "the same token, mended"


async def test_a_telephone_number_makes_known_who_gives_no_address(engine: Engine, page: Page, org: str) -> None:
    await reconfigure(engine, org, fields=(FormField(key="phone", required=True), FormField(key="description")))
    for description, phone in (("One", "020 7946 0018"), ("Two", "+44 (0)20 7946-0018")):
        await page.open()
        assert (await page.send({"description": description, "phone": phone})).status_code == 303
    found = await cases_of(engine, org)
    assert len(found) == 2
    assert len({one["contact_id"] for one in found}) == 1


async def test_pages_speak_the_browsers_language(page: Page) -> None:
    answer = await page.http.get(page.path, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert '<html lang="zh-CN">' in answer.text
    assert "您的姓名" in answer.text
    assert '<html lang="en">' in (await page.open(lang="en")).text


async def test_a_page_lets_nothing_in_from_elsewhere(page: Page) -> None:
    policy = (await page.open()).headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'sha256-" in policy
    assert policy.endswith("frame-ancestors 'self' https://shop.example")
    assert "set-cookie" not in (await page.open()).headers


async def test_pages_of_other_origins_stay_out(page: Page) -> None:
    shop = await page.http.get(page.path, headers={"Accept": "application/json", "Origin": "https://shop.example"})
    assert shop.headers["access-control-allow-origin"] == "https://shop.example"
    assert set(shop.json()) == {"html", "css", "title"}
    for method in ("GET", "POST", "OPTIONS"):
        other = await page.http.request(
            method, page.path, headers={"Accept": "application/json", "Origin": "https://evil.example"}
        )
        assert (other.status_code, other.json()["slug"]) == (403, "origin-refused")
    asked = await page.http.options(page.path, headers={"Origin": "https://shop.example"})
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, POST")


async def test_a_script_is_answered_with_data(engine: Engine, page: Page) -> None:
    wrong = await page.send(email="nobody", as_json=True)
    assert wrong.status_code == 422
    assert wrong.json()["faults"] == {"email": "This is no e-mail address, such as name@example.org."}
    page.token = wrong.json()["token"]
    taken = await page.send(as_json=True)
    assert (taken.status_code, taken.json()["number"]) == (201, 1)
    assert "Thank you" in taken.json()["html"]


async def test_a_receipt_cannot_be_made_up(page: Page) -> None:
    for receipt in ("7", "7.0", "7." + "0" * 32, "é", "." * 200):
        shown = await page.http.get(f"{page.path}/thanks", params={"receipt": receipt})
        assert shown.status_code == 200
        assert "number" not in text_of(shown.text)


async def test_there_is_no_form_where_none_is(page: Page, org: str) -> None:
    for path in ("/forms/nobody/contact", f"/forms/{org}/web", f"/forms/{org}/nothing"):
        answer = await page.http.get(path)
        assert (answer.status_code, answer.json()["slug"]) in ((404, "unknown-channel"), (404, "unknown-organisation"))


async def test_while_the_record_is_away_nothing_typed_is_lost(engine: Engine, page: Page, org: str) -> None:
    from engine import failpoints  # noqa: PLC0415 -- armed for this moment only

    failpoints.arm("intake.before-commit=raise")
    away: httpx.Response = await page.send()
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)
    assert "It drips." in away.text
    assert (await page.send()).status_code == 303
    assert len(await cases_of(engine, org)) == 1
