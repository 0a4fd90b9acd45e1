"""The published schema accepts what the engine accepts, and editors get help from it."""

from pathlib import Path

import jsonschema
import pytest

from engine.config.files import read_directory
from engine.config.json_schema import configuration_schema
from engine.config.samples import demo_directory, starter_directory


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(configuration_schema())


@pytest.mark.parametrize("directory", [demo_directory(), starter_directory()])
def test_samples_agree_with_it(directory: Path) -> None:
    validator = jsonschema.Draft202012Validator(configuration_schema())
    for document in read_directory(directory):
        assert [error.message for error in validator.iter_errors(document.data)] == [], document.file


@pytest.mark.parametrize(
    "data",
    [
        {"quues": {}},
        {"queues": {"Big": {"name": "x"}}},
        {"queues": {"a": {"name": "x", "target": 5}}},
        {"queues": {"a": {"name": "x", "unknown": 1}}},
        {"skills": {"a": {}}},
        {"queues": {"a": {"name": "x", "overflow": {"full": "wiat"}}}},
        {"queues": {"a": {"name": "x", "overflow": {"full": {"do": "wait"}}}}},
        {"queues": {"a": {"name": "x", "relaxation": [{"drop": ["b"]}]}}},
        {"agents": {"a": {"name": "x", "queues": [{"rank": 1}]}}},
    ],
)
def test_mistakes_disagree_with_it(data: object) -> None:
    assert not jsonschema.Draft202012Validator(configuration_schema()).is_valid(data)


def test_either_form_agrees_with_it() -> None:
    queues = {
        "a": {"name": "x", "overflow": {"full": {"to": "b"}, "wait": "callback"}},
        "b": {"name": "y", "relaxation": [{"after": "1m", "widen": ["a"]}]},
    }
    agents = {"ana": {"name": "x", "queues": ["a", {"queue": "b", "rank": 2}]}}
    jsonschema.Draft202012Validator(configuration_schema()).validate({"queues": queues, "agents": agents})


def test_durations_have_defaults_as_people_write_them() -> None:
    definitions = configuration_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["QueueSection"]["properties"]["offer_timeout"]["default"] == "20s"
    assert definitions["QueueSection"]["properties"]["escalate_after"]["default"] == "0s"
