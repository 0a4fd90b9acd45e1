"""Quick texts and macros: every key arrives, every name is looked up, and a snapshot keeps them."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.escalation import ActionKind
from engine.skills.merging import merge
from tests.unit.config.conftest import Load, Refused

FULL = """
fields: {case: {severity: {name: S, type: text}}}
quick_texts:
  hello:
    name: { en: Hello, zh-CN: 你好 }
    folder: Openings
    channels: [web]
    queues: [general]
    text: { de: "Hallo {contact.name|Kunde}", en: "Hello, {agent.name}: {case.fields.severity}" }
  plain: { name: Plain, text: As it is }
macros:
  solve:
    name: Solve
    when: { priority: { at_most: 3 } }
    actions:
      - { reply: hello }
      - { note: plain }
      - { set_status: waiting }
      - { notify: { console: [owner], email: [owner] } }
"""


def test_every_key_arrives_and_stays(load_with: Load) -> None:
    organisation = load_with({"macros.yaml": FULL})
    again = unpack(pack(organisation).compiled, version=1)
    assert (again.macros, again.quick_texts) == (organisation.macros, organisation.quick_texts)
    hello = again.quick_texts["hello"]
    assert (hello.text, sorted(hello.texts), hello.folder) == ("Hallo {contact.name|Kunde}", ["de", "en"], "Openings")
    assert hello.fits("web", "general")
    assert hello.fits("", "")
    assert not hello.fits("web", "other")
    actions = again.macros["solve"].actions
    assert [one.say.public for one in actions if one.say] == [True, False]
    kinds = [one.action.kind for one in actions if one.action]
    assert kinds == [ActionKind.SET_STATUS, ActionKind.NOTIFY, ActionKind.NOTIFY]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("macros: {a: {name: A, actions: [{reply: none}]}}", "there is no quick text 'none'"),
        ("macros: {a: {name: A, actions: [{move: none}]}}", "there is no queue 'none'"),
        ("macros: {a: {name: A, actions: [{move: general, note: b}]}}", "exactly one action"),
        ("macros: {a: {name: A, when: {nonsense: 1}, actions: [{move: general}]}}", "nonsense"),
        ("quick_texts: {a: {name: A, text: 'Hi {contact.nam}'}}", "there is no merge field {contact.nam}"),
        ("quick_texts: {a: {name: A, text: {en: 'Hi {case.fields.none|x}'}}}", "{case.fields.none}"),
        ("quick_texts: {a: {name: A, text: '{rule.name}'}}", "there is no merge field {rule.name}"),
        ("quick_texts: {a: {name: A, text: Hi, queues: [none]}}", "there is no queue 'none'"),
        ("quick_texts: {a: {name: A, text: Hi, channels: [none]}}", "there is no channel 'none'"),
        ("quick_texts: {a: {name: A, text: {}}}", "text"),
    ],
)
def test_what_does_not_resolve_is_refused_with_file_and_line(refused: Refused, written: str, said: str) -> None:
    problems = refused({"macros.yaml": written + "\n"})
    assert any(said in one for one in problems), problems
    assert "macros.yaml:1" in problems[0]


def test_merge_fields_fall_back_and_are_never_expanded_again() -> None:
    text = "Dear {contact.name|customer}, {case.subject}{case.type|}"
    values = {"contact.name": "", "case.subject": "{case.id|x} {contact.name|y}"}
    assert merge(text, values, most=1_000) == "Dear customer, {case.id|x} {contact.name|y}"
    assert merge("{contact.name|customer}", {"contact.name": "Li"}, most=1_000) == "Li"
    assert merge("{a.b} {a.b|c}", {}, most=1_000) == "{a.b} c"
