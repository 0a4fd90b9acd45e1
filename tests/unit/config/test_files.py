"""YAML is read strictly, and every value knows its line."""

from pathlib import Path

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st

from engine.config import files
from engine.config.compile import compile_documents
from engine.config.files import parse, read_directory
from engine.errors import ConfigurationError


def refusal(content: str | bytes) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse("a.yaml", content.encode() if isinstance(content, str) else content)
    return str(caught.value)


def test_values_and_their_lines() -> None:
    document = parse("a.yaml", b"# note\na:\n  b: [1, x]\n  c:\n    - d: 2.5\n    - true\n")
    assert document.data == {"a": {"b": [1, "x"], "c": [{"d": 2.5}, True]}}
    assert document.lines[("a",)] == 2
    assert document.lines[("a", "b", 1)] == 3
    assert document.lines[("a", "c", 0, "d")] == 5
    assert document.line(("a", "c", 1, "missing")) == 6
    assert document.line(("nothing",)) == 0


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("9:30", "9:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("010", 10),
        ("+7", 7),
        ("-1.5", -1.5),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("'5'", "5"),
        ('"true"', "true"),
        ("|\n  two\n  lines", "two\nlines\n"),
        (".inf", ".inf"),
    ],
)
def test_words_mean_what_yaml_1_2_says(written: str, value: object) -> None:
    read = parse("a.yaml", f"a: {written}\n".encode()).data["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "twice"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: 1\nb: *x\n", 2, "aliases"),
        ("a: !!python/object:os.system ls\n", 1, "tags"),
        ("a: !x {}\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: {<<: {b: 1}}\n", 1, "merge keys"),
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a:\n\t- 1\n", 2, "not YAML"),
        ("- 1\n- 2\n", 1, "top"),
        ("just words\n", 1, "top"),
        ("? {a: 1}\n: 2\n", 1, "plain word"),
        ("? [a]\n: 2\n", 1, "plain word"),
        (f"a: {'9' * 19}\n", 1, "18 digits"),
        ("x: 1\na: " + "[" * 40 + "]" * 40 + "\n", 2, "deep"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
        ("a: 1\nb: \x07\n", 2, "not allowed"),
    ],
)
def test_refusals_name_the_line(content: str | bytes, line: int, reason: str) -> None:
    text = refusal(content)
    assert text.startswith(f"a.yaml:{line}: ")
    assert reason in text


def test_a_file_of_comments_is_empty() -> None:
    assert parse("a.yaml", b"# nothing yet\n").data == {}
    assert parse("a.yaml", b"").data == {}
    assert parse("a.yaml", b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_nesting_cannot_exhaust_the_stack() -> None:
    assert "deep" in refusal("- " * 100_000)
    assert "deep" in refusal("[" * 100_000)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_VALUES", 100)
    assert "more than 100 values" in refusal("a: [" + "1, " * 200 + "]")


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_BYTES", 100)
    (tmp_path / "a.yaml").write_text("a: " + "x" * 200)
    with pytest.raises(ConfigurationError, match=r"a\.yaml: too large"):
        read_directory(tmp_path)


def test_directories(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read the directory"):
        read_directory(tmp_path / "none")
    with pytest.raises(ConfigurationError, match=r"no \*\.yaml"):
        read_directory(tmp_path)
    (tmp_path / ".hidden.yaml").write_text("[")
    (tmp_path / "notes.txt").write_text("[")
    (tmp_path / "sub.yaml").mkdir()
    (tmp_path / "b.yaml").write_text("b: 1")
    (tmp_path / "a.yaml").write_text("a: 1")
    assert [document.file for document in read_directory(tmp_path)] == ["a.yaml", "b.yaml"]
    (tmp_path / "c.yml").write_text("c: 1")
    with pytest.raises(ConfigurationError, match="Rename it"):
        read_directory(tmp_path)


def test_too_many_files(tmp_path: Path) -> None:
    for number in range(files.MOST_FILES + 1):
        (tmp_path / f"{number}.yaml").write_text("")
    with pytest.raises(ConfigurationError, match="more than 64 files"):
        read_directory(tmp_path)


def test_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError):
        read_directory(tmp_path)


SECTIONS = ["organisation", "skills", "queues", "statuses", "profiles", "channels", "rules", "agents", "hours"]
NAMES = [
    *SECTIONS,
    "id",
    "name",
    "kind",
    "channels",
    "chat",
    "when",
    "then",
    "units",
    "password",
    "queue",
    "x",
    "[key]",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(NAMES)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def accept_or_refuse(content: bytes) -> None:
    try:
        compile_documents([parse("a.yaml", content)])
    except ConfigurationError as error:
        reason = str(error)
    else:
        return
    assert reason


@hypothesis.given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    accept_or_refuse(text.encode("utf-8", "surrogatepass"))


@hypothesis.given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    accept_or_refuse(content)


@hypothesis.given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`?, \n\t0.~<", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    accept_or_refuse(text.encode())


@hypothesis.given(st.dictionaries(st.sampled_from(SECTIONS), TREES, max_size=6))
def test_any_tree_is_read_or_refused(tree: dict[str, object]) -> None:
    accept_or_refuse(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))
