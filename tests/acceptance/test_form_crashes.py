"""The engine dies while a form is sent, held or released: whoever sends it again has one case, and nothing is lost."""

from pathlib import Path

import httpx
import pytest

from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.forms import Sender, form_engine


def sent_until_it_is_taken(engine: EngineProcess) -> str:
    """Send, lose the answer to the kill, send again; return what the page that thanks says."""
    sender = Sender(engine)
    with pytest.raises(httpx.HTTPError):
        sender.send()
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
    first, again = sender.send(), sender.send()
    assert first.text == again.text
    return first.text


@pytest.mark.parametrize("failpoint", ["form.after-files", "intake.before-commit", "intake.after-commit"])
def test_killed_while_it_is_taken_it_is_one_case(tmp_path: Path, failpoint: str) -> None:
    engine = form_engine(tmp_path)
    try:
        engine.start_kept(f"{failpoint}=kill")
        assert "case has the number 1" in sent_until_it_is_taken(engine)
        with ApiClient(engine, "sue") as api:
            (case,) = api.get("/cases")["items"]
            (file,) = api.get(f"/cases/{case['id']}/attachments")["items"]
            assert (file["name"], file["size"]) == ("note.txt", 90_000)
            until(lambda: len(api.get("/work-items", case_id=case["id"])["items"]) == 1, within_s=30, what="it waits")
    finally:
        engine.close()


def test_killed_while_it_is_held_it_is_held_once(tmp_path: Path) -> None:
    engine = form_engine(tmp_path, without_work="hold")
    try:
        engine.start_kept("form.after-hold=kill")
        assert "case has the number" not in sent_until_it_is_taken(engine)
        with ApiClient(engine, "sue") as api:
            (held,) = api.get("/submissions", state="held")["items"]
            assert (held["reasons"], held["subject"], held["files"][0]["name"]) == (
                ["no-work"],
                "My kettle",
                "note.txt",
            )
            assert api.get("/cases")["items"] == []
    finally:
        engine.close()


def test_killed_while_it_is_released_it_is_one_case(tmp_path: Path) -> None:
    engine = form_engine(tmp_path, without_work="hold")
    try:
        engine.start_kept("form.after-release=kill")
        Sender(engine).send()
        with ApiClient(engine, "sue") as api:
            (held,) = api.get("/submissions")["items"]
            with pytest.raises(httpx.HTTPError):
                api.post(f"/submissions/{held['id']}/release", {})
            until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
            released = api.post(f"/submissions/{held['id']}/release", {})
            (case,) = api.get("/cases")["items"]
            assert (released["state"], released["case_id"]) == ("released", case["id"])
            assert len(api.get(f"/cases/{case['id']}/attachments")["items"]) == 1
    finally:
        engine.close()
