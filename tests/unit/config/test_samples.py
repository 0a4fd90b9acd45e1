"""Samples are copied, never over something."""

from pathlib import Path

import pytest

from engine.config.compile import load
from engine.config.samples import copy_sample, demo_directory, starter_directory
from engine.errors import ConfigurationError


def test_copies_with_another_id_and_name(tmp_path: Path) -> None:
    copied = copy_sample(starter_directory(), tmp_path / "config", organisation="acme", name='Acme "x": 1\n')
    organisation = load(tmp_path / "config")
    assert (organisation.id, organisation.name) == ("acme", 'Acme "x": 1')
    assert len(copied) == 8


def test_copies_as_it_is(tmp_path: Path) -> None:
    copy_sample(demo_directory(), tmp_path)
    assert (tmp_path / "rules.yaml").read_bytes() == (demo_directory() / "rules.yaml").read_bytes()
    assert load(tmp_path) == load(demo_directory())  # calendars included


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("")
    with pytest.raises(ConfigurationError, match="here already"):
        copy_sample(starter_directory(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
