"""Whatever is sent: an answer that says what is wrong, bounded work, and no case of it."""

import zlib

from tests.integration.api.engine_under_test import Engine
from tests.integration.forms.engine import FILLED, Page, cases_of, text_of

BOUNDARY = "xYx"
KINDS = ("", "text/plain", "multipart/form-data", "multipart/form-data; boundary=" + "b" * 5_000, "application/json")
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, value: str, extra: str = "") -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'


HOSTILE = {
    "ten thousand fields": "".join(part(f"f{number}", "x") for number in range(10_000)) + f"--{BOUNDARY}--\r\n",
    "a name of 100 KB": part("n" * 100_000, "x") + f"--{BOUNDARY}--\r\n",
    "a value of 2 MB": part("description", "x" * 2_000_000) + f"--{BOUNDARY}--\r\n",
    "a hundred files": "".join(part("files", "x", '; filename="a.txt"') for _ in range(100)) + f"--{BOUNDARY}--\r\n",
    "no end": part("description", "x"),
    "no name": f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n",
    "no headers": f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n",
    "thousand headers": f"--{BOUNDARY}\r\n" + "X-A: b\r\n" * 1_000 + f"\r\nx\r\n--{BOUNDARY}--\r\n",
    "nothing": "",
    "something else": "{}",
}


FILES: list[tuple[list[tuple[str, bytes, str]], str]] = [
    ([("a.txt", b"x" * 100_001, "text/plain")], "a.txt is too large: at most 97.7 KiB"),
    ([("a.exe", b"x", "image/png")], "a.exe is not of a kind"),
    ([("a.html", b"x", "image/png")], "a.html is not of a kind"),
    ([("a.txt", b"x", "text/plain")] * 3, "At most 2 files"),
    ([("n" * 300 + ".txt", b"x", "text/plain")], "The name of a file is too long"),
    ([("..", b"x", "text/plain")], "The name of a file is too long"),
]


async def test_bodies_that_are_no_forms(engine: Engine, page: Page, org: str) -> None:
    for name, body in HOSTILE.items():
        answer = await page.http.post(page.path, content=body.encode(), headers=MULTIPART)
        assert answer.status_code in (400, 413, 422), name
        said = text_of(answer.text)
        assert "send once more" in said or "more than can be sent" in said, name
    for kind in KINDS:
        answer = await page.http.post(page.path, content=b"x=1", headers={"Content-Type": kind})
        assert answer.status_code in (400, 415), kind
    assert await cases_of(engine, org) == []


async def test_a_charset_that_takes_long(page: Page) -> None:
    """Punycode takes quadratic time; text is UTF-8, whatever is said."""
    body = part("token", page.token) + part("description", "x" * 200_000) + f"--{BOUNDARY}--\r\n"
    headers = {"Content-Type": f"multipart/form-data; charset=punycode; boundary={BOUNDARY}"}
    assert (await page.http.post(page.path, content=body.encode(), headers=headers)).status_code == 422


async def test_characters_that_the_record_cannot_keep(engine: Engine, page: Page, org: str) -> None:
    assert (await page.send(subject="a\0b\x1bc", description="one\r\ntwo\0\u2028three")).status_code == 303
    (case,) = await cases_of(engine, org)
    assert case["subject"] == "abc"


async def test_a_form_without_files_may_be_urlencoded(engine: Engine, page: Page, org: str) -> None:
    answer = await page.http.post(page.path, data={**FILLED, "token": page.token})
    assert answer.status_code == 303
    assert len(await cases_of(engine, org)) == 1


async def test_files_beyond_what_is_allowed(engine: Engine, page: Page, org: str) -> None:
    for files, fault in FILES:
        answer = await page.send(files=files)
        assert answer.status_code == 422, fault
        assert fault in text_of(answer.text)
    assert await cases_of(engine, org) == []


async def test_a_bomb_stays_as_small_as_it_was_sent(engine: Engine, page: Page, org: str) -> None:
    bomb = zlib.compress(b"\0" * 10_000_000)
    assert (await page.send(files=[("bomb.txt", bomb, "application/zip")])).status_code == 303
    (case,) = await cases_of(engine, org)
    sue = await engine.signed_in("sue")
    (file,) = (await sue.get(f"/cases/{case['id']}/attachments")).json()["items"]
    assert (file["size"], file["media_type"]) == (len(bomb), "application/octet-stream")
