"""Texts for one language or several."""

import jsonschema
import pytest

from engine.config.compile import load
from engine.config.json_schema import configuration_schema
from engine.config.samples import demo_directory
from engine.config.snapshot import pack, unpack
from engine.errors import ConfigurationError
from tests.unit.config.conftest import Load

QUEUES = "queues:\n  general:\n    name:{}\n"


def test_a_text_for_everybody_has_no_translations(load_with: Load) -> None:
    organisation = load_with({"queues.yaml": QUEUES.format(" General")})
    assert organisation.queues["general"].name == "General"
    assert organisation.in_languages("queues", "general", "name") == {}


def test_a_text_for_each_language(load_with: Load) -> None:
    organisation = load_with({"queues.yaml": QUEUES.format("\n      zh-CN: 一般咨询\n      en: ' General '")})
    assert organisation.queues["general"].name == "一般咨询", "the first is for who speaks none of them"
    assert organisation.in_languages("queues", "general", "name") == {"zh-CN": "一般咨询", "en": "General"}
    again = unpack(pack(organisation).compiled, version=3)
    assert again.in_languages("queues", "general", "name")["en"] == "General"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("\n      en: General\n      zh: 一般", "queues.yaml:5: there is no language 'zh'. Known: en, zh-CN."),
        (" {}", "queues.yaml:3: queues.general.name must be a text."),
        (" [General]", "queues.yaml:3: queues.general.name must be a text."),
        (" {en: 5}", "queues.yaml:3: queues.general.name must be a text."),
        (" {en: ''}", "queues.yaml:3: queues.general.name must not be empty."),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(load_with: Load, name: str, refusal: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_with({"queues.yaml": QUEUES.format(name)})
    assert refusal in str(refused.value)


@pytest.mark.parametrize(
    ("name", "valid"), [("General", True), ({"en": "General"}, True), ({}, False), ({"fr": "Général"}, False)]
)
def test_editors_know(name: object, valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(configuration_schema())
    assert validator.is_valid({"queues": {"general": {"name": name}}}) is valid


def test_the_demo_speaks_english_and_chinese() -> None:
    demo = load(demo_directory())
    shown: list[tuple[str, ...]] = [("queues", key, "name") for key in demo.queues]
    shown += [("statuses", key, "name") for key in demo.statuses] + [("skills", key, "name") for key in demo.skills]
    shown += [("dispositions", key) for key, _ in demo.dispositions]
    shown += [("channels", "web", "topics", key) for key, _ in demo.channels["web"].topics]
    for place in [*shown, ("channels", "web", "name"), ("channels", "web", "greeting")]:
        assert set(demo.in_languages(*place)) == {"en", "zh-CN"}, place
