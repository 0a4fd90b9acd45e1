"""Who may do what: docs/reference/permissions.md shows this table, tests/integration/api/test_permissions.py tries it.

Two parts. ``PRINCIPALS`` says what each kind of caller may do with a case and with its customer. The sets of handlers
say of each operation what decides about it, where no record in its path does. ``expected`` puts both together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.api.access import Needs
from engine.api.guard import GUARDED
from engine.api.operation import Operation
from engine.api.routes.table import OPERATIONS
from engine.model.organisation import Role
from engine.model.user import Scope
from engine.model.visibility import CasesSeen, Guarded, Right

CASES = {
    Guarded.CASE, Guarded.INTERACTION, Guarded.ITEM, Guarded.ATTACHMENT, Guarded.LEAD, Guarded.ACTIVITY,
    Guarded.APPROVAL, Guarded.MAIL, Guarded.CALL,
}  # fmt: skip
"""What follows the right to the case; the rest follows that to the customer."""

LISTED = {
    "list_work_items", "list_calls", "list_cases", "list_contacts", "list_accounts", "search", "list_assets",
    "list_orders", "list_contracts", "list_entitlements", "list_leads", "list_activities", "list_merges",
    "export_rows", "count_views",
    "list_approvals",
}  # fmt: skip
"""Operations that show several: they show what the caller sees."""

REFERRING = {
    "open_case", "attach_file", "create_contact", "create_account", "check_contact", "check_account", "relate",
    "add_asset", "add_order", "add_contract", "add_entitlement", "verify_entitlement", "add_activity",
    "list_quick_texts",
}  # fmt: skip
"""Operations that may name what is guarded beside their path; what is hidden is not there for them."""

HELD = {
    "accept_offer", "decline_offer", "end_work_item", "wrap_up_work_item", "transfer_work_item", "pick_work_item",
    "park_work_item", "extend_wrap_up", "ask_colleague", "end_consult",
}  # fmt: skip
"""Operations on work, for whoever holds it."""

OVERSEEING = {
    "undo_merge", "run_macro_job", "edit_cases", "list_jobs", "read_job", "list_job_failures", "cancel_job",
    "create_work_item", "create_work_items", "change_work_item", "cancel_work_item", "assign_work_item",
    "list_rules", "try_rules",
}  # fmt: skip
"""Operations for supervisors, who see all."""

SEEING_ALL = {
    "start_import", "add_to_import", "list_imports", "read_import", "cancel_import", "list_import_failures",
    "read_failed_rows", "list_import_columns",
    "list_submissions", "read_submission", "release_submission", "delete_submission",
    "list_mails", "list_mailboxes", "list_blocked_channels",
}  # fmt: skip
"""Operations for supervisors who see everything: not for who sees what is of his teams only."""

APART = {
    "log_in", "log_out", "who_am_i", "change_own_password", "set_presence", "sign_out", "pause_queue", "resume_queue",
    "drain_queue", "list_destinations", "read_default_team", "set_default_team", "read_agenda", "read_board",
    "list_alerts", "acknowledge_alert", "read_organisation", "list_configuration_versions", "list_audit",
    "list_calendars", "read_calendar", "list_users", "create_user", "change_user", "set_user_password", "list_tokens",
    "create_token", "revoke_token", "list_webhooks", "create_webhook", "read_webhook", "change_webhook",
    "delete_webhook", "enable_webhook", "redeliver_webhook", "read_chat_channel", "post_call_reports", "list_views",
    "create_view", "read_view", "change_view", "delete_view", "list_deputies",
    "add_deputy", "remove_deputy",
}  # fmt: skip
"""Operations that show no case and no customer, or only what is the caller's own."""

MAKERS = {"delete_activity"}
"""Of what agents may write, these are for whoever made or owns it; supervisors may always."""

UNDECIDED = "undecided"
RANK = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What somebody may do with a case, and with its customer; None: it is not there for him."""

    case: Right | None
    customer: Right | None


WRITE = Rights(case=Right.WRITE, customer=Right.WRITE)
READ = Rights(case=Right.READ, customer=Right.READ)
CUSTOMER = Rights(case=None, customer=Right.WRITE)
HIDDEN = Rights(case=None, customer=None)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """One kind of caller, and what he may do for each ``visibility.cases`` (``customers`` as narrow as it may be)."""

    login: str  # of the tests
    who: str  # in the document
    all: Rights = WRITE
    team: Rights
    own: Rights
    role: Role | None = Role.AGENT  # None: nobody is signed in
    scopes: frozenset[Scope] = frozenset()
    system: bool = False  # a token without a user
    elsewhere: bool = False  # of another organisation
    overseen: bool = False  # where ``visibility.supervisors`` is ``team``

    def rights(self, seen: CasesSeen) -> Rights:
        """Return what he may do in an organisation that is so configured."""
        return {CasesSeen.ALL: self.all, CasesSeen.TEAM: self.team, CasesSeen.OWN: self.own}[seen]


def _system(scope: Scope) -> Principal:
    return Principal(
        login=scope.value, who=f"token with the scope `{scope.value}`", team=WRITE, own=WRITE, role=Role.ADMIN,
        scopes=frozenset({scope}), system=True,
    )  # fmt: skip


PRINCIPALS: tuple[Principal, ...] = (
    Principal(login="ben", who="agent with nothing to do with it", team=HIDDEN, own=HIDDEN),
    Principal(login="ana", who="agent, member of the case's team", team=WRITE, own=HIDDEN),
    Principal(login="lia", who="agent, lead of the case's team", team=WRITE, own=HIDDEN),
    Principal(login="quin", who="agent who works in the case's queue", team=WRITE, own=HIDDEN),
    Principal(login="olga", who="agent, owner of the case", team=WRITE, own=WRITE),
    Principal(login="fay", who="agent, follower of the case", team=WRITE, own=WRITE),
    Principal(login="hol", who="agent who holds work on the case", team=WRITE, own=WRITE),
    Principal(login="otto", who="agent, owner of the account", team=CUSTOMER, own=CUSTOMER),
    Principal(login="rea", who="in the account's team: account `read`, cases `read`", team=READ, own=READ),
    Principal(login="eda", who="in the account's team: account `edit`, cases `edit`", team=WRITE, own=WRITE),
    Principal(login="nia", who="in the account's team: account `edit`, cases `none`", team=CUSTOMER, own=CUSTOMER),
    Principal(login="sue", who="supervisor", team=WRITE, own=WRITE, role=Role.SUPERVISOR),
    Principal(
        login="tess",
        who="supervisor in the case's team, `supervisors: team`",
        team=WRITE,
        own=WRITE,
        role=Role.SUPERVISOR,
        overseen=True,
    ),
    Principal(
        login="sid",
        who="supervisor in another team, `supervisors: team`",
        team=HIDDEN,
        own=HIDDEN,
        role=Role.SUPERVISOR,
        overseen=True,
    ),
    Principal(login="ada", who="admin", team=WRITE, own=WRITE, role=Role.ADMIN),
    Principal(login="of-ben", who="token of an agent with nothing to do with it", team=HIDDEN, own=HIDDEN),
    Principal(login="bot", who="token without a user, role `agent`", team=WRITE, own=WRITE, system=True),
    *(_system(scope) for scope in Scope),
    Principal(login="ana", who="agent of another organisation", all=HIDDEN, team=HIDDEN, own=HIDDEN, elsewhere=True),
    Principal(login="", who="nobody (not signed in)", all=HIDDEN, team=HIDDEN, own=HIDDEN, role=None),
)


def names_of(one: Operation) -> list[str]:
    """Return the parameters of an operation's path."""
    return re.findall(r"{(\w+)}", one.path)


def guarded_of(one: Operation) -> Guarded | None:
    """Return what decides about an operation by its path; None where something else does."""
    if one.handler.__name__ in HELD | OVERSEEING | SEEING_ALL:
        return None
    return next((GUARDED[name] for name in names_of(one) if name in GUARDED), None)


GUARDED_PATHS = [one for one in OPERATIONS if guarded_of(one)]


def looks(one: Operation) -> bool:
    """Say whether an operation only looks at what its path names."""
    return one.method == "GET" or one.path.endswith("/viewers")


def needs_of(one: Operation) -> Needs | None:
    """Return what an operation demands of its caller; None where everybody is let in."""
    found = list(_needs(one))
    return found[0] if found else None


def _needs(one: Operation) -> Iterator[Needs]:
    for annotated in one.handler.__annotations__.values():
        for each in getattr(annotated, "__metadata__", ()):
            needs = getattr(each, "dependency", None)
            if isinstance(needs, Needs):
                yield needs


class Outcome(StrEnum):
    """How a request ends, as far as rights decide."""

    LET_IN = "let in"
    SIGNED_OUT = "401"
    FORBIDDEN = "403 forbidden"
    READ_ONLY = "403 read-only"
    HIDDEN = "404 unknown"


def expected(who: Principal, one: Operation, seen: CasesSeen) -> Outcome:
    """Return how a principal's request for an operation ends."""
    needs = needs_of(one)
    if needs is None:
        return Outcome.LET_IN
    if who.role is None:
        return Outcome.SIGNED_OUT
    narrow = who.overseen and one.handler.__name__ in SEEING_ALL
    if narrow or RANK[who.role] < RANK[needs.role] or (who.scopes and needs.scope not in who.scopes):
        return Outcome.FORBIDDEN
    what, rights = guarded_of(one), who.rights(seen)
    right = rights.case if what in CASES else rights.customer
    if what and right is None:
        return Outcome.HIDDEN
    if right is Right.WRITE and one.handler.__name__ in MAKERS and RANK[who.role] < RANK[Role.SUPERVISOR]:
        return Outcome.FORBIDDEN
    return Outcome.READ_ONLY if what and right is Right.READ and not looks(one) else Outcome.LET_IN


def decided_by(one: Operation) -> str:
    """Say in the document's words what decides about an operation beside role and scope."""
    name, what = one.handler.__name__, guarded_of(one)
    if what is not None:
        maker = "; agents only what they made or own" if name in MAKERS else ""
        noun = "work item" if what is Guarded.ITEM else what.value
        return f"{'reads' if looks(one) else 'changes'} the {noun}{maker}"
    words = {
        "what is listed is what is seen": LISTED,
        "what is referred to must be seen": REFERRING,
        "for whoever holds the work": HELD,
        "supervisors see all": OVERSEEING,
        "for who sees everything": SEEING_ALL,
        "—": APART,
    }
    return next((said for said, names in words.items() if name in names), UNDECIDED)
