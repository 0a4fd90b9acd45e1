"""Who sees what: from the checked section to its noun."""

from engine.config.crosscheck import Checker
from engine.config.schema import Configuration
from engine.model.visibility import CasesSeen, CustomersSeen, SupervisorsSee, Visibility


def check_visibility(configuration: Configuration, checker: Checker) -> None:
    """Check that no supervisor sees less than the agents."""
    section = configuration.visibility
    if section.supervisors == "team" and section.cases == "all":
        mend = "Narrow what agents see with cases: team, or leave supervisors out."
        checker.refuse(("visibility", "supervisors"), "supervisors would see less than agents, who see all", mend=mend)


def compile_visibility(configuration: Configuration) -> Visibility:
    """Return what agents see."""
    section = configuration.visibility
    return Visibility(
        cases=CasesSeen(section.cases),
        customers=CustomersSeen(section.customers),
        supervisors=SupervisorsSee(section.supervisors),
    )
