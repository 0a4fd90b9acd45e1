"""Find what is valid and yet cannot work well: queues nobody leads to, skills nobody has, waits without end.

Pure: looks at the checked configuration only, not at who is signed in. Work may also come through the API or by
transfer, with any queue and any skills; what can only be asked for that way is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.config.compile import compile_sections
from engine.config.files import Document, read_calendars, read_directory
from engine.config.findings import Finding, Scope
from engine.config.lints import (
    approvals,
    automation,
    capacity,
    case_statuses,
    escalations,
    limits,
    preferences,
    reach,
    skills,
    starving,
    waits,
)
from engine.config.opening import Calendars

CHECKS: dict[str, Callable[[Scope], Iterator[Finding]]] = {
    "queue-out-of-reach": reach.queue_out_of_reach,
    "queue-without-agents": reach.queue_without_agents,
    "overflow-circle": reach.overflow_circle,
    "widens-to-nobody": reach.widens_to_nobody,
    "skill-nobody-has": skills.skill_nobody_has,
    "preferred-skill-nobody-has": preferences.preferred_skill_nobody_has,
    "kind-no-status-takes": capacity.kind_no_status_takes,
    "kind-no-agent-takes": capacity.kind_no_agent_takes,
    "maximum-out-of-reach": capacity.maximum_out_of_reach,
    "parked-above-capacity": capacity.parked_above_capacity,
    "never-open": waits.never_open,
    "required-without-bound": waits.required_without_bound,
    "wrapup-without-bound": waits.wrapup_without_bound,
    "unstaffed-without-bound": waits.unstaffed_without_bound,
    "unwatched-wait": waits.unwatched_wait,
    "heavy-starves": starving.heavy_starves,
    "outranked-queue": starving.outranked_queue,
    "strict-priority": starving.strict_priority,
    "limit-without-effect": limits.limit_without_effect,
    "overflow-without-limit": limits.overflow_without_limit,
    "due-without-target": limits.due_without_target,
    "escalation-never-begins": escalations.escalation_never_begins,
    "escalation-circle": escalations.escalation_circle,
    "mail-without-address": escalations.mail_without_address,
    "approval-nobody-gives": approvals.approval_nobody_gives,
    "approval-never-needed": approvals.approval_never_needed,
    "automation-never-fires": automation.automation_never_fires,
    "automation-out-of-reach": automation.automation_out_of_reach,
    "automation-at-odds": automation.automation_at_odds,
    "status-out-of-reach": case_statuses.status_out_of_reach,
    "status-without-end": case_statuses.status_without_end,
}
"""Every check by its name."""


def lint(directory: Path) -> list[Finding]:
    """Return what cannot work well in the files of ``directory``, by file and line. Blocks.

    Raises:
        ConfigurationError: the files are not even valid.
    """
    return lint_documents(read_directory(directory), read_calendars(directory))


def lint_documents(documents: list[Document], calendars: Calendars | None = None) -> list[Finding]:
    """Return what cannot work well in parsed files, by file and line.

    Raises:
        ConfigurationError: the files are not even valid.
    """
    scope = Scope(*compile_sections(documents, calendars))
    found = [finding for check in CHECKS.values() for finding in check(scope)]
    return sorted(found, key=lambda finding: (finding.problem.file, finding.problem.line, finding.check))
