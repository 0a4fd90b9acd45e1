"""One browser per module, one engine per test."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess
from tests.acceptance.pages import Person

StartEngine = Callable[..., EngineProcess]
PICTURES = "CORDBOARD_TEST_PICTURES"
"""Variable that names a directory: what every person's page shows when a test fails is kept there."""


@pytest.fixture(scope="module")  # not longer: Playwright keeps an event loop running meanwhile
def browser(chromium: Path, chromium_arguments: list[str]) -> Iterator[Browser]:
    """Run one headless Chromium; each person gets a context of his own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=chromium_arguments)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def pictures(request: pytest.FixtureRequest, start_engine: StartEngine) -> Iterator[None]:
    """Close every page at the end; when the test failed, keep pictures of them where wanted."""
    yield
    failed = getattr(request.node, "failed", False)
    directory = os.environ.get(PICTURES, "")
    for number, person in enumerate(Person.everybody):
        if failed and directory and not person.page.is_closed():
            name = f"{request.node.name}-{number}-{type(person).__name__}.png".replace("/", "-")
            person.page.screenshot(path=Path(directory) / name)
        person.close()
    Person.everybody.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures whether their test failed."""
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined] # a note for the fixture above
    return report


@pytest.fixture
def start_engine(tmp_path: Path) -> Iterator[StartEngine]:
    """Return a function that starts an engine; keywords change the organisation.

    ``kept`` restarts it when it dies; ``cold`` runs the command itself.
    """
    started: list[EngineProcess] = []

    def start(*, failpoints: str = "", kept: bool = False, cold: bool = False, **changes: str) -> EngineProcess:
        config = write_configuration(tmp_path / "config", **changes)
        engine = EngineProcess(tmp_path / "data", config=config, cold=cold)
        started.append(engine)
        if kept:
            engine.start_kept(failpoints)
        else:
            engine.start(failpoints)
        return engine

    yield start
    for engine in started:
        engine.close()
