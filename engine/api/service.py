"""What the routes of the service desk need: customers and cases."""

from dataclasses import dataclass

from engine.api.ports import CaseReader, Customers
from engine.cases.lifecycle import Cases


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceParts:
    """The parts behind the routes of customers and cases."""

    cases: Cases
    case_reader: CaseReader
    customers: Customers
