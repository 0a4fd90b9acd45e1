"""The agent sockets that are open in this process, and who of them an event concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from engine.agents.frames import ConfigFrame, JobFrame, encode
from engine.clock import moment, rfc3339
from engine.model.case import Case
from engine.model.conversation import InteractionState
from engine.model.job import Job
from engine.model.organisation import Organisation, Role
from engine.model.record import Applied
from engine.model.signal import AlertRaised, CallMoved, DeskSignal, JobMoved
from engine.model.user import Principal

POLICY = 1008
"""WebSocket close code "policy violation" (RFC 6455, section 7.4.1)."""
RESTART = 1012
"""WebSocket close code "service restart": come back at once (IANA registry)."""


class Member(Protocol):
    """One open agent socket."""

    @property
    def who(self) -> Principal:
        """Return the signed-in user."""
        ...

    @property
    def login_key(self) -> str:
        """Return what the user signed in with."""
        ...

    @property
    def sees_all(self) -> bool:
        """Say whether nothing of cases is hidden from the user."""
        ...

    def wake(self) -> None:
        """Look at the board again soon."""
        ...

    def wake_alerts(self) -> None:
        """Look at the alerts again soon."""
        ...

    def wake_calls(self) -> None:
        """Look at the calls of his telephones again soon."""
        ...

    def tell(self, text: str) -> None:
        """Send an encoded frame."""
        ...

    def case_changed(self, case: Case | None, interaction_id: str) -> None:
        """Show a changed case; without one, read the conversation's."""
        ...

    def stop(self, code: int, reason: str) -> None:
        """Close the socket."""
        ...


class Floor:
    """Know the open sockets by organisation, user and work item."""

    def __init__(self, *, publish: Callable[[DeskSignal], None] | None = None) -> None:
        """``publish`` tells all processes, this one among them; without it only this one is told."""
        self._publish = publish or self.hear
        self._members: dict[str, dict[str, set[Member]]] = {}
        self._items: dict[tuple[str, str], set[Member]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, member: Member) -> None:
        """Let a socket take part and be counted."""
        agents = self._members.setdefault(member.who.org_id, {})
        agents.setdefault(member.who.user_id, set()).add(member)
        self._count += 1

    def remove(self, member: Member) -> None:
        """Forget a socket; safe to call twice."""
        agents = self._members.get(member.who.org_id, {})
        mine = agents.get(member.who.user_id, set())
        if member not in mine:
            return
        mine.discard(member)
        self._count -= 1
        if not mine:
            del agents[member.who.user_id]

    def place_items(self, member: Member, before: Iterable[str], after: Iterable[str]) -> None:
        """Note which work items the socket shows now instead of ``before``."""
        org_id, old, new = member.who.org_id, set(before), set(after)
        for item_id in old - new:
            members = self._items.get((org_id, item_id), set())
            members.discard(member)
            if not members:
                self._items.pop((org_id, item_id), None)
        for item_id in new - old:
            self._items.setdefault((org_id, item_id), set()).add(member)

    def of_user(self, org_id: str, user_id: str) -> tuple[Member, ...]:
        """Return a user's sockets."""
        return tuple(self._members.get(org_id, {}).get(user_id, ()))

    def of_organisation(self, org_id: str) -> list[Member]:
        """Return all sockets of an organisation."""
        return [one for mine in self._members.get(org_id, {}).values() for one in mine]

    def wake(self, org_id: str, *, agent_id: str = "", item_id: str = "") -> None:
        """Wake the sockets of an agent, and those that show a work item."""
        concerned = {*self.of_user(org_id, agent_id), *self._items.get((org_id, item_id), ())}
        for member in concerned:
            member.wake()

    def wake_all(self, org_id: str) -> None:
        """Wake every socket of an organisation."""
        for member in self.of_organisation(org_id):
            member.wake()

    def tell_user(self, org_id: str, user_id: str, text: str) -> None:
        """Send an encoded frame to a user's sockets."""
        for member in self.of_user(org_id, user_id):
            member.tell(text)

    def wake_alerts(self, org_id: str) -> None:
        """Let the supervisors' sockets look for alerts."""
        for member in self.of_organisation(org_id):
            if member.who.at_least(Role.SUPERVISOR):
                member.wake_alerts()

    def wake_alerts_of(self, org_id: str, user_id: str) -> None:
        """Let a user's sockets look for alerts; "" = the supervisors'."""
        if not user_id:
            self.wake_alerts(org_id)
        for member in self.of_user(org_id, user_id):
            member.wake_alerts()

    def ring(self, org_id: str, user_id: str = "") -> None:
        """Let a user's sockets in every process look for alerts; "" = the supervisors'."""
        self._publish(AlertRaised(org_id=org_id, user_id=user_id))

    def call_moved(self, org_id: str, agent_id: str) -> None:
        """Let an agent's sockets in every process look at his calls."""
        self._publish(CallMoved(org_id=org_id, agent_id=agent_id))

    def job_moved(self, job: Job) -> None:
        """Show how far a job is, in every process: to who asked for it, and to supervisors who see all."""
        self._publish(JobMoved(org_id=job.org_id, job=replace(job, cases=[], changes={})))

    def hear(self, signal: DeskSignal) -> None:
        """Hear what any process tells."""
        if isinstance(signal, AlertRaised):
            self.wake_alerts_of(signal.org_id, signal.user_id)
            return
        if isinstance(signal, CallMoved):
            for member in self.of_user(signal.org_id, signal.agent_id):
                member.wake_calls()
            return
        text = encode(_job_frame(signal.job))
        for member in self.of_organisation(signal.org_id):
            supervises = member.who.at_least(Role.SUPERVISOR) and member.sees_all
            if supervises or member.who.user_id == signal.job.asked_by:
                member.tell(text)

    def case_changed(self, case: Case) -> None:
        """Show a changed case where its conversations are shown."""
        for member in self.of_organisation(case.org_id):
            member.case_changed(case, "")

    def case_opened(self, org_id: str, interaction_id: str) -> None:
        """Let whoever shows the conversation read its case."""
        for member in self.of_organisation(org_id):
            member.case_changed(None, interaction_id)

    async def follow(self, applied: Sequence[Applied]) -> None:
        """Hear what was written, after the cases stage did: an ended conversation may have a case now."""
        for one in applied:
            if one.interaction is not None and one.interaction.state is InteractionState.CLOSED:
                for member in self._items.get((one.event.org_id, one.event.item_id), ()):
                    member.case_changed(None, one.interaction.id)

    async def adopt(self, organisation: Organisation) -> None:
        """Tell the organisation's sockets that another configuration is in force."""
        text = encode(ConfigFrame(version=organisation.version))
        for member in self.of_organisation(organisation.id):
            member.tell(text)
            member.wake()

    def stop_user(self, org_id: str, user_id: str, *, login_key: str = "", reason: str) -> None:
        """Close a user's sockets (of one log-in only, where given): he may not go on."""
        for member in self.of_user(org_id, user_id):
            if login_key in ("", member.login_key):
                member.stop(POLICY, reason)

    def stop_login(self, org_id: str, login_key: str, *, reason: str) -> None:
        """Close the sockets of one session or API token, whosever it is: it has ended."""
        for member in self.of_organisation(org_id):
            if member.login_key == login_key:
                member.stop(POLICY, reason)

    def everybody(self) -> list[Member]:
        """Return all sockets of all organisations."""
        return [one for org_id in self._members for one in self.of_organisation(org_id)]

    def stop_all(self, *, code: int = RESTART, reason: str = "restart") -> None:
        """Close every socket; their clients come back, here or elsewhere."""
        for member in self.everybody():
            member.stop(code, reason)


def _job_frame(job: Job) -> JobFrame:
    return JobFrame(
        id=job.id,
        kind=job.kind.value,
        state=job.state.value,
        total=job.total,
        done=job.done,
        failed=job.failed,
        asked_by=job.asked_by,
        asked_at=rfc3339(job.asked_ms),
        begun_at=moment(job.begun_ms),
        ended_at=moment(job.ended_ms),
    )
