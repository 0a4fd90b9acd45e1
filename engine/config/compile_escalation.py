"""Teams and escalations from checked sections; every name in them is looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.config.compile_approvals import read_ask
from engine.config.condition_fields import condition_fields
from engine.config.condition_schema import read_condition
from engine.config.crosscheck import Checker
from engine.config.escalation_schema import (
    ActionSection,
    AskApprovalSection,
    ChildSection,
    EscalationSection,
    EscalationStepSection,
    NotifySection,
    TriggerSection,
)
from engine.config.field_values import check_values
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.model.assignment import CARETAKERS
from engine.model.case_setup import BUILT_IN_STATUSES
from engine.model.escalation import (
    BEGUN,
    STARTABLE,
    STOPPED,
    Action,
    ActionKind,
    AgeFrom,
    EscalationStep,
    NewChild,
    NotifyBy,
    RuleSet,
    SaidBy,
    Trigger,
    TriggerKind,
    Until,
)
from engine.model.organisation import Role
from engine.model.plan import BUILT_IN_MILESTONES
from engine.model.team import Team
from engine.skills.merging import MERGE_FIELDS, unknown

ESCALATIONS = "escalations"
PEOPLE = frozenset({"owner", "team_lead"}) | CARETAKERS
MANY = PEOPLE | {"followers", "supervisors"}
ROLES = frozenset(f"role:{role.value}" for role in Role)


def compile_teams(configuration: Configuration) -> dict[str, Team]:
    """Return the teams by key."""
    return {
        key: Team(key=key, name=str(section.name), lead=section.lead, members=tuple(section.members))
        for key, section in configuration.teams.items()
    }


def check_teams(configuration: Configuration, checker: Checker) -> None:
    """Check who is in teams."""
    for key, team in configuration.teams.items():
        if team.lead:
            checker.known(("teams", key, "lead"), team.lead, configuration.agents, what="agent")
        checker.all_known(("teams", key, "members"), team.members, configuration.agents, what="agent")


def compile_escalations(configuration: Configuration, checker: Checker) -> dict[str, RuleSet]:
    """Check the rule sets and return them by key."""
    return {key: _rule_set(key, section, configuration, checker) for key, section in configuration.escalations.items()}


def _rule_set(key: str, section: EscalationSection, configuration: Configuration, checker: Checker) -> RuleSet:
    place: Place = (ESCALATIONS, key)
    _check_trigger((*place, "trigger"), section.trigger, configuration, checker)
    if section.hours:
        checker.known((*place, "hours"), section.hours, configuration.hours, what="business hours")
    _check_steps((*place, "steps"), section.steps, checker)
    fields = condition_fields(configuration)
    steps = []
    for index, step in enumerate(section.steps):
        there = (*place, "steps", index, "actions")
        actions = tuple(
            action
            for number, written in enumerate(step.actions)
            for action in read_actions(written, configuration, checker, (*there, number))
        )
        steps.append(EscalationStep(key=_step_key(index, step), after_ms=step.after, actions=actions))
    return RuleSet(
        key=key,
        name=str(section.name),
        trigger=_trigger(section.trigger),
        steps=tuple(steps),
        when=read_condition(section.when, (*place, "when"), fields, checker.refuse),
        until=frozenset(Until(word) for word in section.until),
        hours=section.hours,
        times=section.times,
    )


def _step_key(index: int, step: EscalationStepSection) -> str:
    return step.name or str(index + 1)


def _check_steps(place: Place, steps: list[EscalationStepSection], checker: Checker) -> None:
    last, keys = 0, set[str]()
    for index, step in enumerate(steps):
        if step.after < last:
            checker.refuse(
                (*place, index, "after"), "the step comes before the one above it", mend="Order them by time."
            )
        last = step.after
        key = _step_key(index, step)
        if key in keys or key in (BEGUN, STOPPED):
            checker.refuse((*place, index, "name"), f"a step cannot be called '{key}' here", mend="Use another name.")
        keys.add(key)


def _check_trigger(place: Place, trigger: TriggerSection, configuration: Configuration, checker: Checker) -> None:
    milestone = trigger.milestone
    if milestone is None:
        return
    known = {*BUILT_IN_MILESTONES, *configuration.milestones}
    checker.known((*place, "milestone", "key"), milestone.key, known, what="milestone")
    if milestone.before and milestone.after:
        checker.refuse((*place, "milestone"), "a moment is either before or after it is due", mend="Remove one.")


def _trigger(section: TriggerSection) -> Trigger:
    if section.milestone:
        shift_ms = section.milestone.after - section.milestone.before
        return Trigger(kind=TriggerKind.MILESTONE, milestone=section.milestone.key, shift_ms=shift_ms)
    if section.age:
        return Trigger(kind=TriggerKind.AGE, since=AgeFrom(section.age.since), after_ms=section.age.after)
    if section.keyword:
        words = tuple(section.keyword.has)
        return Trigger(kind=TriggerKind.KEYWORD, words=words, by=SaidBy(section.keyword.by))
    if section.tier:
        return Trigger(kind=TriggerKind.TIER, tiers=frozenset(section.tier))
    return _counting_trigger(section)


def _counting_trigger(section: TriggerSection) -> Trigger:
    if section.reopened:
        return Trigger(kind=TriggerKind.REOPENED, least=section.reopened.at_least)
    if section.rating:
        return Trigger(kind=TriggerKind.RATING, rating=section.rating.at_most)
    if section.repeated:
        repeated = section.repeated
        return Trigger(kind=TriggerKind.REPEATED, least=repeated.at_least, within_ms=repeated.within)
    if section.event:
        return Trigger(kind=TriggerKind.EVENT, event=section.event.name)
    return Trigger(kind=TriggerKind.ACTION)  # the schema sees to it that there is one


def read_actions(
    section: ActionSection, configuration: Configuration, checker: Checker, place: Place
) -> Iterator[Action]:
    """Yield what an action written at ``place`` comes to; what does not fit goes to ``checker``."""
    return _Reader(configuration, checker, place).read(section)


class _Reader:
    """Read the actions of a step at one place."""

    def __init__(self, configuration: Configuration, checker: Checker, place: Place) -> None:
        self._configuration = configuration
        self._checker = checker
        self._place = place

    def read(self, section: ActionSection) -> Iterator[Action]:
        """Yield what a written action comes to: of ``notify`` one action for each way."""
        if section.notify is not None:
            yield from self._notify(section.notify)
        elif section.assign is not None:
            yield self._assign(section)
        elif section.open_child is not None:
            yield self._open_child(section.open_child)
        elif section.ask_approval is not None:
            yield self._ask(section.ask_approval)
        elif section.escalate is not None:
            yield self._escalate(section.escalate)
        else:
            yield self._simple(section)

    def _ask(self, section: AskApprovalSection) -> Action:
        self._merges("ask_approval", section.reason or "", "reason")
        asked = read_ask(section, self._configuration, self._checker, self._at("ask_approval"))
        return Action(kind=ActionKind.ASK_APPROVAL, approval=asked)

    def _escalate(self, key: str) -> Action:
        sets = self._configuration.escalations
        self._known("escalate", key, sets, "rule set of escalations")
        kind = _trigger(sets[key].trigger).kind if key in sets else TriggerKind.ACTION
        if self._place[0] == ESCALATIONS:
            self._refuse("escalate", "a ladder begins no other", "Let an automation rule hear of it: on: escalated.")
        elif kind not in STARTABLE:
            kinds = ", ".join(sorted(one.value for one in STARTABLE))
            detail = f"'{key}' begins by its {kind.value} only"
            self._refuse("escalate", detail, f"Name a rule set whose trigger is one of: {kinds}.")
        return Action(kind=ActionKind.ESCALATE, rule_set=key)

    def _refuse(self, action: str, detail: str, mend: str) -> None:
        self._checker.refuse(self._at(action), detail, mend=mend)

    def _at(self, *names: str) -> Place:
        return (*self._place, *names)

    def _simple(self, section: ActionSection) -> Action:
        configuration = self._configuration
        if section.raise_priority is not None:
            return Action(kind=ActionKind.RAISE_PRIORITY, points=section.raise_priority)
        if section.set_priority is not None:
            return Action(kind=ActionKind.SET_PRIORITY, points=section.set_priority)
        if section.move is not None:
            self._known("move", section.move, configuration.queues, "queue")
            return Action(kind=ActionKind.MOVE, queue=section.move)
        if section.require is not None:
            self._checker.skills_known(self._at("require"), section.require, configuration)
            return Action(kind=ActionKind.REQUIRE, skills=dict(section.require))
        return self._other(section)

    def _other(self, section: ActionSection) -> Action:
        configuration = self._configuration
        if section.add_follower is not None:
            self._person("add_follower", section.add_follower)
            return Action(kind=ActionKind.ADD_FOLLOWER, who=section.add_follower)
        if section.set is not None:
            check_values(section.set, configuration, self._checker, self._at("set"))
            return Action(kind=ActionKind.SET, fields=dict(section.set))
        if section.set_status is not None:
            statuses = configuration.case_statuses or BUILT_IN_STATUSES
            self._known("set_status", section.set_status, statuses, "status of cases")
            return Action(kind=ActionKind.SET_STATUS, status=section.set_status)
        if section.comment is not None:
            self._merges("comment", section.comment)
            return Action(kind=ActionKind.COMMENT, text=section.comment)
        return self._filed(section)

    def _filed(self, section: ActionSection) -> Action:
        """Read what files a case otherwise: type, team, tags."""
        configuration = self._configuration
        if section.set_type is not None:
            self._known("set_type", section.set_type, configuration.case_types, "type of cases")
            return Action(kind=ActionKind.SET_TYPE, type=section.set_type)
        if section.set_team is not None:
            self._known("set_team", section.set_team, configuration.teams, "team")
            return Action(kind=ActionKind.SET_TEAM, team=section.set_team)
        if section.add_tags is not None:
            return Action(kind=ActionKind.ADD_TAGS, tags=tuple(dict.fromkeys(section.add_tags)))
        return Action(kind=ActionKind.REMOVE_TAGS, tags=tuple(dict.fromkeys(section.remove_tags or ())))

    def _assign(self, section: ActionSection) -> Action:
        assert section.assign is not None
        if section.assign.queue is not None:
            self._checker.known(
                self._at("assign", "queue"), section.assign.queue, self._configuration.queues, what="queue"
            )
            return Action(kind=ActionKind.ASSIGN, queue=section.assign.queue)
        who = section.assign.to or ""
        self._who(self._at("assign", "to"), who, PEOPLE - {"owner"})
        return Action(kind=ActionKind.ASSIGN, who=who)

    def _open_child(self, child: ChildSection) -> Action:
        for name, text in (("subject", child.subject), ("description", child.description or "")):
            self._merges("open_child", text, name)
        if child.queue:
            self._checker.known(self._at("open_child", "queue"), child.queue, self._configuration.queues, what="queue")
        if child.type:
            types = self._configuration.case_types
            self._checker.known(self._at("open_child", "type"), child.type, types, what="type of cases")
        new = NewChild(
            subject=child.subject,
            description=child.description or "",
            queue=child.queue,
            type=child.type,
            priority=child.priority,
        )
        return Action(kind=ActionKind.OPEN_CHILD, child=new)

    def _notify(self, section: NotifySection) -> Iterator[Action]:
        self._merges("notify", section.text, "text")
        if section.console is not None:
            for index, who in enumerate(section.console):
                self._who((*self._at("notify", "console"), index), who, MANY | ROLES)
            yield self._told(NotifyBy.CONSOLE, section.console, section.text)
        if section.email is not None:
            for index, who in enumerate(section.email):
                if "@" not in who:
                    self._who((*self._at("notify", "email"), index), who, MANY | ROLES)
            yield self._told(NotifyBy.EMAIL, section.email, section.text)
        if section.webhook is not None:
            yield self._told(NotifyBy.WEBHOOK, [section.webhook], section.text)

    def _told(self, by: NotifyBy, to: list[str], text: str) -> Action:
        return Action(kind=ActionKind.NOTIFY, by=by, to=tuple(to), text=text)

    def _person(self, name: str, who: str) -> None:
        self._who(self._at(name), who, PEOPLE)

    def _who(self, place: Place, who: str, words: Collection[str]) -> None:
        self._checker.known(place, who, {*words, *self._configuration.agents}, what="agent, nor word for somebody,")
        if who == "team_lead" and not any(team.lead for team in self._configuration.teams.values()):
            self._checker.refuse(place, "no team has a lead", mend="Add a section teams, with a lead.")

    def _known(self, action: str, name: str, names: Collection[str], what: str) -> None:
        self._checker.known(self._at(action), name, names, what=what)

    def _merges(self, action: str, text: str, *inside: str) -> None:
        for name in unknown(text, MERGE_FIELDS):
            mend = f"Known: {', '.join(sorted(MERGE_FIELDS))}."
            self._checker.refuse(self._at(action, *inside), f"there is no merge field {{{name}}}", mend=mend)
