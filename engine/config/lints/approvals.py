"""Is there somebody whose yes counts, and does every process guard something?"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.findings import Finding, Scope
from engine.model.approval import NEVER, OWNER_LEAD, ROLE, TEAM_LEAD, ApprovalStep
from engine.model.organisation import Organisation, Role
from engine.model.user import lower


def approval_nobody_gives(scope: Scope) -> Iterator[Finding]:
    """Find steps about which nobody can say yes, and those of which only the asker's own would count."""
    organisation = scope.organisation
    for key, process in organisation.approvals.items():
        for index, step in enumerate(process.steps):
            there = _people(organisation, step)
            place = ("approvals", key, "steps", index)
            if not there:
                mend = "Name somebody, or give somebody the role supervisor."
                yield scope.error("approval-nobody-gives", place, "nobody is there to say yes", mend=mend)
            elif len(there) == 1 and not process.asker_may_approve:
                (login,) = there
                detail = f"only '{login}' can say yes, who cannot when he asks himself"
                mend = "Name somebody else, too, or set asker_may_approve: true."
                yield scope.note("approval-nobody-gives", place, detail, mend=mend)


def approval_never_needed(scope: Scope) -> Iterator[Finding]:
    """Find processes that guard nothing: they are only asked for by hand."""
    for key, process in scope.organisation.approvals.items():
        if process.changes == NEVER and not process.macros:
            mend = "Add changes or macros, unless it is asked for by hand or by rules only."
            place = ("approvals", key)
            yield scope.note("approval-never-needed", place, "nothing needs this approval", mend=mend)


def _people(organisation: Organisation, step: ApprovalStep) -> set[str]:
    """Return the log-ins of everybody whose yes may count; where nobody is, the supervisors are asked."""
    found = set[str]()
    for one in step.by:
        if one.startswith(ROLE):
            found |= _of_role(organisation, Role(one.removeprefix(ROLE)))
        elif one in (TEAM_LEAD, OWNER_LEAD):
            found |= {team.lead for team in organisation.teams.values() if team.lead}
            found |= _of_role(organisation, Role.SUPERVISOR)  # of a case without a team
        else:
            found.add(one)
    return found or _of_role(organisation, Role.SUPERVISOR)


def _of_role(organisation: Organisation, role: Role) -> set[str]:
    return {login for login, one in organisation.agents.items() if lower(one.role, role) is role}
