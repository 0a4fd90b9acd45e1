"""Errors name what is wrong, where, and how to mend it."""

from engine.errors import ConfigurationError, Refused


def test_a_configuration_error_names_file_and_line() -> None:
    error = ConfigurationError("queue 'sale' is not known.", file="rules.yaml", line=7, mend="Did you mean 'sales'?")
    assert str(error) == "rules.yaml:7: queue 'sale' is not known. Did you mean 'sales'?"


def test_a_refusal_carries_its_outcome_as_slug() -> None:
    assert Refused("too late", slug="stale-assignment").slug == "stale-assignment"
    assert Refused.slug == "refused"
