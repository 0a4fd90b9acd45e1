"""The engine dies while a file is added to a case: the file is there once and whole, or not at all."""

from collections.abc import Callable

import httpx
import pytest

from tests.acceptance.engine_process import ApiClient, EngineProcess, until

StartEngine = Callable[..., EngineProcess]

CONTENT = bytes(range(256)) * 4_096


def test_the_engine_is_killed_while_a_file_is_added(start_engine: StartEngine) -> None:
    engine = start_engine(failpoints="attachment.after-file=kill", kept=True)
    with ApiClient(engine, "sue") as api:
        case = api.post("/cases", {"subject": "He sent a picture"})

        def upload() -> httpx.Response:
            query = {"case_id": case["id"], "name": "picture.png"}
            headers = {"X-CSRF-Token": api._csrf, "Content-Type": "image/png"}
            return api._http.post("/api/v1/attachments", params=query, content=CONTENT, headers=headers)

        with pytest.raises(httpx.HTTPError):
            upload()
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="back")
        assert api.get(f"/cases/{case['id']}/attachments")["items"] == []
        added = [upload().json()["id"] for _ in range(2)]
        (file,) = api.get(f"/cases/{case['id']}/attachments")["items"]
        assert added == [file["id"]] * 2
        assert api._http.get(f"/api/v1/attachments/{file['id']}").content == CONTENT
