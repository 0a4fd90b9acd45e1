"""One browser per session, one engine per test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess

StartEngine = Callable[..., EngineProcess]


@pytest.fixture(scope="session")
def browser(chromium: Path, chromium_arguments: list[str]) -> Iterator[Browser]:
    """Run one headless Chromium; each person gets a context of his own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=chromium_arguments)
        yield browser
        browser.close()


@pytest.fixture
def start_engine(tmp_path: Path) -> Iterator[StartEngine]:
    """Return a function that starts an engine; ``kept`` restarts it when it dies, keywords change the organisation."""
    started: list[EngineProcess] = []

    def start(*, failpoints: str = "", kept: bool = False, **changes: str) -> EngineProcess:
        config = write_configuration(tmp_path / "config", **changes)
        engine = EngineProcess(tmp_path / "data", config=config)
        started.append(engine)
        if kept:
            engine.start_kept(failpoints)
        else:
            engine.start(failpoints)
        return engine

    yield start
    for engine in started:
        engine.close()
