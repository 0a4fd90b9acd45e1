"""Teams: who works together, and who leads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """People who work together on cases."""

    key: str
    name: str
    lead: str = ""  # login; "" = nobody
    members: tuple[str, ...] = ()  # logins; the lead need not be one of them

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return the logins of all, the lead first."""
        lead = (self.lead,) if self.lead else ()
        return (*lead, *(login for login in self.members if login != self.lead))
