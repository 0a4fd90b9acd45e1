"""Modules, functions and parameter lists stay small; files are named after what they hold."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]

MODULE_LINES = 400
TEST_MODULE_LINES = 600
FUNCTION_LINES = 50
LUA_LINES = 120
POSITIONAL_PARAMETERS = 5
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(folder: str, pattern: str) -> list[Path]:
    skipped = {"__pycache__", "node_modules"}
    return sorted(path for path in (ROOT / folder).rglob(pattern) if not skipped & set(path.parts))


def python_scripts() -> list[Path]:
    return files("scripts", "*.py")


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Count from `def` to the last line; the docstring, which is documentation, does not count."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def positional(function: Function) -> int:
    """Count parameters that may be passed by position, without `self` and `cls`."""
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    return len(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def place(path: Path, line: int = 1) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def too_long(paths: list[Path], limit: int) -> list[str]:
    return [f"{place(path)}: {lines(path)} lines, at most {limit}" for path in paths if lines(path) > limit]


def test_modules_are_short() -> None:
    wrong = too_long([*files("engine", "*.py"), *python_scripts()], MODULE_LINES)
    wrong += too_long(files("tests", "*.py"), TEST_MODULE_LINES)
    wrong += too_long(files("engine", "*.lua"), LUA_LINES)
    assert not wrong, "\n".join(wrong)


def test_functions_are_short() -> None:
    wrong = [
        f"{place(path, function.lineno)}: {function.name} has {length(function)} lines, at most {FUNCTION_LINES}"
        for path in [*files("engine", "*.py"), *python_scripts()]
        for function in functions(path)
        if length(function) > FUNCTION_LINES
    ]
    assert not wrong, "\n".join(wrong)


def test_parameter_lists_are_short() -> None:
    wrong = [
        f"{place(path, function.lineno)}: {function.name} takes {positional(function)} positional parameters"
        for path in [*files("engine", "*.py"), *python_scripts()]
        for function in functions(path)
        if positional(function) > POSITIONAL_PARAMETERS
    ]
    assert not wrong, "\n".join(wrong)


def test_files_are_named_after_what_they_hold() -> None:
    named = [path for folder in ("engine", "tests", "scripts") for path in files(folder, "*")]
    named += [path for kind in ("*.ts", "*.vue") for path in files("web/src", kind)]
    wrong = [place(path) for path in named if path.stem.lower().removeprefix("test_") in NAMELESS]
    assert not wrong, "\n".join(wrong)
