"""The Lua sources: their words are the model's, their headers tell the truth, their keys stand in one place."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from engine.model.work import EventKind, Outcome, WorkState
from engine.router.library import FOLDER, PIECES, compose_library, library_name, transition_files

LIB = FOLDER / "lib"
SOURCES = sorted(FOLDER.rglob("*.lua"))
CLASSES: dict[str, type[StrEnum]] = {"OUTCOME": Outcome, "EVENT": EventKind, "STATE": WorkState}


def words(name: str) -> dict[str, str]:
    """Return a table of lib/words.lua."""
    text = (LIB / "words.lua").read_text()
    body = re.search(rf"local {name} = {{(.*?)\n}}", text, re.DOTALL)
    assert body is not None
    return dict(re.findall(r"(\w+) = '([\w-]+)'", body[1]))


def header(path: Path) -> dict[str, str]:
    """Return the fields of a transition's header."""
    fields: dict[str, str] = {}
    last = ""
    for line in path.read_text().splitlines():
        if not line.startswith("--"):
            break
        match = re.match(r"-- (\w+): +(.*)", line)
        if match:
            last = match[1]
            fields[last] = match[2]
        elif last and line.startswith("--  "):
            fields[last] += " " + line[2:].strip()
        else:
            last = ""
    return fields


def code(path: Path) -> str:
    return re.sub(r"--.*", "", path.read_text())


@pytest.mark.parametrize(("name", "kind"), CLASSES.items())
def test_the_lists_of_words_are_the_models(name: str, kind: type[StrEnum]) -> None:
    table = words(name)
    assert set(table.values()) == {member.value for member in kind}
    assert all(key == value.replace("-", "_") for key, value in table.items())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_word_used_exists(path: Path) -> None:
    for name, word in re.findall(r"\b(OUTCOME|EVENT|STATE)\.(\w+)", code(path)):
        assert word in words(name), f"{name}.{word}"


def test_every_kind_of_event_is_reported_somewhere() -> None:
    used = {word for path in SOURCES for word in re.findall(r"\bEVENT\.(\w+)", code(path))}
    assert used == set(words("EVENT"))


@pytest.mark.parametrize("path", transition_files(), ids=lambda path: path.stem)
def test_a_transition_says_what_it_does(path: Path) -> None:
    fields = header(path)
    assert set(fields) == {"Purpose", "Keys", "Arguments", "Outcomes", "Events"}
    assert re.fullmatch(r"[a-z]+(_[a-z]+){1,2}", path.stem), "verb_noun.lua"
    text = code(path)
    for word in re.findall(r"\bOUTCOME\.(\w+)", text):
        assert word in fields["Outcomes"], f"{word} is not in the header"
    for word in re.findall(r"\bEVENT\.(\w+)", text):
        assert word in fields["Events"], f"{word} is not in the header"


@pytest.mark.parametrize("path", transition_files(), ids=lambda path: path.stem)
def test_a_file_registers_the_function_it_is_named_after(path: Path) -> None:
    text = code(path)
    names = re.findall(r"\bregister\w*\('(\w+)'", text)
    assert names in ([path.stem], []), names
    assert names or "timers.on." in text


def test_keys_are_spelled_in_one_place() -> None:
    for path in SOURCES:
        if path.name != "keys.lua":
            assert not re.search(r"\.(prefix|root) \.\. '[a-z]", code(path)), path.name


def test_every_timer_that_is_set_has_a_handler() -> None:
    everything = "\n".join(code(path) for path in SOURCES)
    named = set(re.findall(r"timers\.(?:set|alarm|alarm_by)\(\w+, .*?, '(\w+)'", everything))
    assert named == set(re.findall(r"timers\.on\.(\w+) =", everything)) != set()


def test_nothing_numeric_is_joined_without_a_format() -> None:
    """`..` writes a large number as 1e+15; only strings may be joined."""
    for path in SOURCES:
        for part in re.findall(r"\.\. *([\w.\[\]()]+)", code(path)):
            assert not re.search(r"(seq|assignment|now|running|rank|clock|epoch)$", part), (path.name, part)


def test_the_library_holds_every_piece_once() -> None:
    source = compose_library()
    assert source.startswith(f"#!lua name={library_name()}\n")
    assert sorted(PIECES) == sorted(path.stem for path in LIB.glob("*.lua"))
    for piece in PIECES:
        assert source.count(f"do -- lib/{piece}.lua\n") == 1
    for path in transition_files():
        assert source.count(f"do -- {path.name}\n") == 1


def test_the_client_names_the_same_two_keys() -> None:
    from engine.valkey.client import events_key, meta_key  # noqa: PLC0415 - only this test reaches over

    text = (LIB / "keys.lua").read_text()
    assert "sub(meta_key, 1, -5)" in text
    assert meta_key("acme") == "cb:{acme}:meta"
    assert events_key("acme") == meta_key("acme")[:-4] + re.search(r"keys.events.*'(\w+)'", text)[1]  # type: ignore[index]


@pytest.mark.parametrize("kind", ["META", "AGENT", "ITEM"])
def test_the_parts_of_a_kind_of_record_agree(kind: str) -> None:
    text = (LIB / "fields.lua").read_text()
    found = re.search(rf"^fields\.{kind} = {{\n(.*?)^}}", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    parts = dict(re.findall(r"^  (\w+) = (.*?)(?=^  \w+ = |\Z)", found[1], re.DOTALL | re.MULTILINE))
    names = re.findall(r"'(\w+)'", parts["names"])
    letters = re.search(r"'<([ds]+)'", parts["format"])
    assert letters is not None
    assert len(names) == len(set(names)) == len(letters[1])
    assert re.findall(r"now\.(\w+)", parts["pack"]) == names
    assert re.findall(r"(\w+) = v(\d+)", parts["make"]) == [
        (name, str(place)) for place, name in enumerate(names, start=1)
    ]
    blanks = {"d": "0", "s": "''"}
    assert re.findall(r"(\w+) = (0|'')", parts["blank"]) == [
        (name, blanks[letter]) for name, letter in zip(names, letters[1], strict=True)
    ]
