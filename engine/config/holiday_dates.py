"""Public holidays of a country, written out by date.

The dates go into the snapshot, so that what is in force changes only when files are applied, never with the version of
a library. The horizon is fixed: equal files give equal snapshots in whatever year they are read.
"""

from __future__ import annotations

from collections.abc import Sequence

FIRST_YEAR = 2020
LAST_YEAR = 2040
"""Many of the later dates are forecasts: laws change, and some days follow the moon as it is seen."""
MOST_HOLIDAYS = 5_000


def public_holidays(country: str, subdivision: str, categories: Sequence[str], locale: str) -> dict[str, str]:
    """Return date (ISO 8601) → name, in the language nearest to ``locale`` that the country's names are known in.

    Raises:
        ValueError: the library knows no such country, subdivision or category; says what it knows.
    """
    import holidays  # noqa: PLC0415 - the other commands start quicker without

    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known:
        raise ValueError(f"there are no holidays of the country '{country}'")
    if subdivision and subdivision not in known[country]:
        parts = ", ".join(known[country])
        raise ValueError(f"'{country}' has no subdivision '{subdivision}'; known: {parts or 'none'}")
    bare = holidays.country_holidays(country)
    unknown = [category for category in categories if category not in bare.supported_categories]
    if unknown:
        some = ", ".join(sorted(bare.supported_categories))
        raise ValueError(f"'{country}' has no holidays of the category '{unknown[0]}'; known: {some}")
    found = holidays.country_holidays(
        country,
        subdiv=subdivision or None,
        years=range(FIRST_YEAR, LAST_YEAR + 1),
        categories=tuple(categories),
        language=_language(locale, bare.supported_languages, bare.default_language),
    )
    return {day.isoformat(): name for day, name in sorted(found.items()) if FIRST_YEAR <= day.year <= LAST_YEAR}


def _language(locale: str, supported: Sequence[str], default: str | None) -> str | None:
    """Choose a language by name: without one the library would ask the machine's environment."""
    wanted = locale.replace("-", "_")
    primary = wanted.partition("_")[0]
    near = [language for language in sorted(supported) if language.partition("_")[0] == primary]
    return wanted if wanted in supported else next(iter(near), default or next(iter(sorted(supported)), None))
