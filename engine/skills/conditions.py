"""Judge a condition by a flat mapping of values, and say which part of it held or failed on what.

Texts are compared without regard to case and width, as keywords are (``engine.skills.words``): whole words only where
words have spaces between them, anywhere in scripts that have none. A group stops at the part that decides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.model.condition import Condition, Group, Joint, Operator, Test, Verdict
from engine.skills.words import contains, fold

LONGEST_SEEN = 200
"""Characters of a value that an explanation repeats."""


def matches(condition: Condition, values: Mapping[str, object]) -> bool:
    """Say whether ``condition`` holds of ``values`` (field → value). Pure; linear in tests and texts."""
    if isinstance(condition, Test):
        return _test(condition, values.get(condition.field))[0]
    assert isinstance(condition, Group)
    if condition.joint is Joint.ALL:
        return all(matches(part, values) for part in condition.parts)
    found = any(matches(part, values) for part in condition.parts)
    return found if condition.joint is Joint.ANY else not found


def fields_of(condition: Condition) -> Iterator[str]:
    """Yield the fields that a condition names."""
    if isinstance(condition, Test):
        yield condition.field
    elif isinstance(condition, Group):
        for part in condition.parts:
            yield from fields_of(part)


def judge(condition: Condition, values: Mapping[str, object]) -> Verdict:
    """Return what ``matches`` says, with the parts that were looked at and the values that were seen."""
    if isinstance(condition, Test):
        held, seen = _test(condition, values.get(condition.field))
        return Verdict(held=held, condition=condition, seen=_short(seen))
    assert isinstance(condition, Group)
    parts = list[Verdict]()
    decided_by = condition.joint is not Joint.ALL  # a part that held decides any and not, one that failed all
    for part in condition.parts:
        parts.append(judge(part, values))
        if parts[-1].held is decided_by:
            return Verdict(held=condition.joint is Joint.ANY, condition=condition, parts=tuple(parts))
    return Verdict(held=condition.joint is not Joint.ANY, condition=condition, parts=tuple(parts))


def reasons(verdict: Verdict) -> list[dict[str, object]]:
    """Return the tests that decided, as plain data: ``field``, ``operator``, ``value``, ``seen``, ``held``.

    Of what held, every test that it took; of what failed, the test that failed (of an ``any``: all of them).
    """
    return [_reason(leaf) for leaf in _deciding(verdict)]


def _deciding(verdict: Verdict) -> Iterator[Verdict]:
    if isinstance(verdict.condition, Test):
        yield verdict
        return
    assert isinstance(verdict.condition, Group)
    stopped = verdict.held is (verdict.condition.joint is Joint.ANY)
    for part in verdict.parts[-1:] if stopped else verdict.parts:
        yield from _deciding(part)


def _reason(leaf: Verdict) -> dict[str, object]:
    assert isinstance(leaf.condition, Test)
    test = leaf.condition
    value = list(test.value) if isinstance(test.value, tuple) else test.value
    seen = list(leaf.seen) if isinstance(leaf.seen, tuple) else leaf.seen
    return {"field": test.field, "operator": test.operator.value, "value": value, "seen": seen, "held": leaf.held}


def _test(test: Test, value: object) -> tuple[bool, object]:
    """Return whether ``test`` holds of ``value``, and what to show of it."""
    unset = value is None or value in ("", ())
    if test.operator is Operator.SET:
        return (not unset) is test.value, None if unset else value
    if unset:
        return False, None
    if test.operator in (Operator.HAS, Operator.HAS_ALL):
        found = tuple(_found(_several(test.value), value))
        return (len(found) == len(_several(test.value)) if test.operator is Operator.HAS_ALL else bool(found)), found
    return any(
        _compare(test.operator, wanted, one) for wanted in _several(test.value) for one in _several(value)
    ), value


def _several(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _found(wanted: tuple[object, ...], value: object) -> Iterable[object]:
    """Return what of ``wanted`` is in a list, or occurs in a text."""
    if isinstance(value, frozenset | list):
        entries = {fold(str(entry)) for entry in value}
        return (word for word in wanted if fold(str(word)) in entries)
    texts = [fold(str(text)) for text in _several(value)]
    return (word for word in wanted if any(contains(text, str(word)) for text in texts))


def _compare(operator: Operator, wanted: object, value: object) -> bool:
    if isinstance(wanted, str) and isinstance(value, str):
        return _compare_texts(operator, fold(wanted), fold(value))
    if operator in (Operator.EQUAL, Operator.ONE_OF):
        return wanted == value and isinstance(wanted, bool) is isinstance(value, bool)
    if not _is_number(wanted) or not _is_number(value):
        return False
    return _compare_numbers(operator, float(str(wanted)), float(str(value)))


def _compare_texts(operator: Operator, wanted: str, value: str) -> bool:
    """Compare texts, or dates as ISO 8601 writes them, whose order is that of their letters."""
    if operator is Operator.STARTS:
        return value.startswith(wanted)
    if operator is Operator.BEFORE:
        return value < wanted
    if operator is Operator.AFTER:
        return value > wanted
    return operator in (Operator.EQUAL, Operator.ONE_OF) and value == wanted


def _compare_numbers(operator: Operator, wanted: float, value: float) -> bool:
    if operator is Operator.AT_LEAST:
        return value >= wanted
    if operator is Operator.AT_MOST:
        return value <= wanted
    if operator is Operator.BEFORE:
        return value < wanted
    return operator is Operator.AFTER and value > wanted


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(seen: object) -> object:
    if isinstance(seen, str):
        return seen[:LONGEST_SEEN]
    if isinstance(seen, tuple):
        return tuple(_short(part) for part in seen[:20])
    if isinstance(seen, frozenset | list):
        return tuple(sorted(str(part)[:LONGEST_SEEN] for part in seen)[:20])
    return seen
