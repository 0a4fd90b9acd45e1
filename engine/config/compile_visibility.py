"""Who sees what: from the checked section to its noun."""

from engine.config.schema import Configuration
from engine.model.visibility import Visibility


def compile_visibility(configuration: Configuration) -> Visibility:
    """Return what agents see."""
    section = configuration.visibility
    return Visibility(cases=section.cases, customers=section.customers)
