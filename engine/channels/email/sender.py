"""The role that sends mail: claims what is due, composes it once, hands it to its relay, notes each recipient's answer.

At least once: between the relay's "250" and our commit nobody can say whether the mail went, so it goes again, with the
same Message-ID and the same bytes. Nowhere else: a mail is claimed before it is tried, its source committed before the
first try, and who finds his claim gone notes nothing. A relay that is away, slow or missing holds up its own mail only.
Before it stops it claims no more, and waits a while for what a relay is just taking (``wind_down``).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from engine.channels.email.relays import RelayAway
from engine.channels.email.retrying import GIVE_UP_MS, Reply, attempts_of
from engine.channels.email.source import Sources
from engine.channels.email.turns import Turns
from engine.channels.email.ways import NoWay, Place, Ways
from engine.clock import Clock
from engine.errors import CordboardError, InvalidInput, Unavailable
from engine.failpoints import failpoint
from engine.model.conversation import Entry
from engine.model.mail_channel import Email
from engine.model.mail_record import OutgoingMail, OutgoingRecipient, OutgoingState, RecipientState
from engine.model.mail_sending import Attempt, DueMail, Settled
from engine.model.relay import Relay

log = structlog.get_logger(__name__)

NAME = "mail-sender"
EVERY_S = 1.0
AT_ONCE = 128
OF_CHANNEL = 32
"""Mails of one channel that are claimed at once: the others' are not behind them."""
FAULT_MS = 60_000
"""A mail that could not be tried is looked at again after so long."""


class Outbox(Protocol):
    """The record's outbox."""

    async def claim(
        self, *, now_ms: int, hold_ms: int, limit: int, without: Sequence[tuple[str, str]] = ()
    ) -> Sequence[DueMail]:
        """Take mails that are due."""
        ...

    async def renew(self, due: DueMail, *, until_ms: int) -> bool:
        """Keep a claim for longer; False when it is lost."""
        ...

    async def settle(self, due: DueMail, attempts: Sequence[Attempt], *, now_ms: int) -> Settled | None:
        """Note what came of a try; None when the claim is lost."""
        ...

    async def postpone(self, due: DueMail, *, fault: str, next_ms: int, blocked: bool = False) -> bool:
        """Give a claim back: nothing was tried; ``blocked``: because of its channel."""
        ...


class Hands(Protocol):
    """Hand mails to relays."""

    async def send(self, relay: Relay, name: str, sender: str, to: Sequence[str], source: bytes) -> Mapping[str, Reply]:
        """Hand a mail over; raise RelayAway."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderParts:
    """What the role needs."""

    outbox: Outbox
    sources: Sources
    relays: Hands
    turns: Turns
    ways: Ways
    told: Callable[[str, Sequence[Entry]], None]
    failed: Callable[[str, str], None]  # organisation, author: an alert was raised, a mail does not arrive
    clock: Clock
    give_up_ms: int = GIVE_UP_MS
    hold_ms: int = 10_000  # a claim lasts so long, and is renewed in time
    chance: Callable[[], float] = random.random


class _NoMail(CordboardError):
    """Say that something can be no mail, however often it is tried."""


class _Lapsed(Unavailable):
    """Say that a claim could not be renewed in time: somebody else may have the mail, or may have taken it back."""


@dataclass(kw_only=True, slots=True)
class _Claim:
    """A mail that is ours as long as it is renewed."""

    due: DueMail
    name: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    renewing: asyncio.Task[None] | None = None
    lost: bool = False


@dataclass(kw_only=True, slots=True)
class _Sending:
    """A mail on its way."""

    place: Place
    task: asyncio.Task[None]
    handing: bool = False  # to a relay: cut off now, it may go twice


class MailSender:
    """Send mail (a role; one process at a time does it, and claims keep two apart that overlap)."""

    name = NAME

    def __init__(self, parts: SenderParts) -> None:
        self._parts = parts
        self._running: dict[str, _Sending] = {}
        self._leaving = asyncio.Event()

    async def step(self) -> float:
        """Send whatever is due until nothing is; return the seconds to the next look. Raises Unavailable.

        Cancellation ends all that is on its way; its claims lapse.
        """
        try:
            while True:
                try:
                    await self._parts.ways.look()
                    await self._start_due()
                except Unavailable:  # what is on its way goes on: to cut it off would send it twice
                    if not self._running:
                        raise
                if not self._running:
                    return EVERY_S
                tasks = [one.task for one in self._running.values()]
                await asyncio.wait(tasks, timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                for name in [name for name, one in self._running.items() if one.task.done()]:
                    ended = self._running.pop(name).task
                    if not (self._leaving.is_set() and ended.cancelled()):
                        ended.result()
        finally:
            tasks = [one.task for one in self._running.values()]
            self._running = {}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._parts.relays.close()

    async def wind_down(self, within_s: float) -> None:
        """Send no more: what a relay is just taking comes to its end within the time, the rest is left to others.

        Its loop is stopped after it. Safe to call twice, and where nothing is sent.
        """
        self._leaving.set()
        waits = [one.task for one in self._running.values() if one.handing]
        for one in self._running.values():
            if not one.handing:
                one.task.cancel()
        if waits:
            await asyncio.wait(waits, timeout=within_s)

    async def _start_due(self) -> None:
        parts, running = self._parts, self._running
        if self._leaving.is_set() or len(running) >= AT_ONCE:
            return
        counts = Counter(one.place for one in running.values())
        claimed = await parts.outbox.claim(
            now_ms=parts.clock.now_ms(),
            hold_ms=parts.hold_ms,
            limit=min(OF_CHANNEL, AT_ONCE - len(running)),
            without=[place for place, count in counts.items() if count >= OF_CHANNEL],
        )
        if self._leaving.is_set():  # they go when their claims lapse
            return
        for due in claimed:
            mail, name = due.mail, f"{due.mail.id}:{due.until_ms}"
            task = asyncio.create_task(self._try(due, name), name=f"mail:{mail.id}")
            running[name] = _Sending(place=(mail.org_id, mail.channel), task=task)

    async def _try(self, due: DueMail, name: str) -> None:
        """Try one mail, whatever is wrong with it."""
        try:
            async with self._kept(due, name) as claim:
                await self._deliver(claim)
        except Unavailable as error:  # the record is away: the claim lapses
            log.warning("mail waits", org=due.mail.org_id, mail=due.mail.id, reason=error.detail)

    async def _deliver(self, claim: _Claim) -> None:
        mail = claim.due.mail
        to = _waiting(mail, self._parts.clock.now_ms())
        if not to:  # whose turn it was got a report meanwhile, or the clock went back
            return await self._settle(claim, to, {})
        try:
            relay, email = await self._parts.ways.of((mail.org_id, mail.channel))
            sha256 = await self._source(claim, relay, email)
            if sha256 is None:
                return None  # the claim is lost
            failpoint("mail.before-send")
            replies = await self._hand_over(claim, relay, to, sha256)
        except _NoMail as error:
            replies = {one.email: Reply(code=554, said=error.detail) for one in to}
        except (NoWay, RelayAway) as error:
            return await self._postpone(claim, error.detail, blocked=True)
        except _Lapsed:
            raise
        except CordboardError as error:
            return await self._postpone(claim, error.detail)
        except Exception as error:
            log.exception("mail failed", org=mail.org_id, mail=mail.id)
            return await self._postpone(claim, f"{type(error).__name__} while it was sent")
        return await self._settle(claim, to, replies)

    async def _source(self, claim: _Claim, relay: Relay, email: Email) -> str | None:
        """Return the hash of what is sent; None: the claim is lost. Raises _NoMail for what never will be a mail."""
        try:
            return await self._parts.sources.of(relay.name, lambda: claim.due, email)
        except InvalidInput as error:
            raise _NoMail(error.detail) from error

    async def _hand_over(
        self, claim: _Claim, relay: Relay, to: Sequence[OutgoingRecipient], sha256: str
    ) -> Mapping[str, Reply]:
        """Return the answer for each recipient; raise RelayAway when nobody has it, _Lapsed when others may try it."""
        parts, mail = self._parts, claim.due.mail
        envelope = _as_written(mail, to)
        turn = parts.turns.of(relay.name, envelope.values())
        async with turn, parts.sources.held(relay.name, sha256) as source:
            if parts.clock.now_ms() >= claim.due.until_ms:  # the record is away, or we stood still
                raise _Lapsed("its claim lapsed while it waited for its turn")
            if claim.name in self._running:
                self._running[claim.name].handing = True
            replies = await parts.relays.send(relay, mail.id, _return_path(mail), list(envelope.values()), source)
        failpoint("mail.after-send")
        if any(reply.code for reply in replies.values()):
            parts.ways.well((mail.org_id, mail.channel))
        return {email: replies[address] for email, address in envelope.items() if address in replies}

    async def _settle(self, claim: _Claim, to: Sequence[OutgoingRecipient], replies: Mapping[str, Reply]) -> None:
        """Note the answers, and tell of those that are for good."""
        parts, mail = self._parts, claim.due.mail
        now_ms = parts.clock.now_ms()
        attempts = attempts_of(
            to,
            replies,
            since_ms=max(mail.created_ms, mail.not_before_ms),
            now_ms=now_ms,
            give_up_ms=parts.give_up_ms,
            chance=parts.chance,
        )
        await self._stop_renewing(claim)
        settled = await self._noted(claim.due, attempts)
        if settled is None:
            log.warning("mail settled elsewhere", org=mail.org_id, mail=mail.id)
            return
        parts.told(mail.org_id, settled.entries)
        if settled.mail.state is OutgoingState.FAILED:
            log.warning("mail failed", org=mail.org_id, mail=mail.id, fault=settled.mail.fault)
            parts.failed(mail.org_id, mail.author_id)

    async def _noted(self, due: DueMail, attempts: Sequence[Attempt]) -> Settled | None:
        """Note a try, again and again while the record is away and the claim lasts. Raises Unavailable."""
        parts = self._parts
        while True:
            try:
                return await parts.outbox.settle(due, attempts, now_ms=parts.clock.now_ms())
            except Unavailable:
                if parts.clock.now_ms() >= due.until_ms:
                    raise
                await asyncio.sleep(EVERY_S)

    async def _postpone(self, claim: _Claim, fault: str, *, blocked: bool = False) -> None:
        """Give a claim back, or the mail up; ``blocked``: its channel cannot send, which says when it may go on."""
        await self._stop_renewing(claim)
        parts, mail = self._parts, claim.due.mail
        now_ms = parts.clock.now_ms()
        over_ms = max(mail.created_ms, mail.not_before_ms) + parts.give_up_ms
        again_ms = now_ms + int(FAULT_MS * (0.75 + 0.5 * parts.chance()))
        if (now_ms if blocked else again_ms) >= over_ms:
            to = [one for one in mail.recipients if one.state is RecipientState.WAITING]
            lost = [Attempt(email=one.email, state=RecipientState.FAILED, said=f"given up: {fault}") for one in to]
            settled = await parts.outbox.settle(claim.due, lost, now_ms=now_ms)
            parts.told(mail.org_id, settled.entries if settled else ())
            parts.failed(mail.org_id, mail.author_id)
            return
        if blocked:
            parts.ways.none((mail.org_id, mail.channel), fault)
        else:
            log.warning("mail waits", org=mail.org_id, mail=mail.id, reason=fault)
        next_ms = over_ms if blocked else again_ms
        await parts.outbox.postpone(claim.due, fault=fault, next_ms=next_ms, blocked=blocked)

    @contextlib.asynccontextmanager
    async def _kept(self, due: DueMail, name: str) -> AsyncIterator[_Claim]:
        """Renew a claim until the work on it is over; who loses it is cancelled."""
        claim = _Claim(due=due, name=name)
        work = asyncio.current_task()
        claim.renewing = asyncio.create_task(self._renew(claim, work), name=f"claim:{due.mail.id}")
        try:
            yield claim
        except asyncio.CancelledError:
            if not claim.lost:
                raise
            log.warning("mail taken over", org=due.mail.org_id, mail=due.mail.id)
        finally:
            claim.over.set()
            await asyncio.gather(claim.renewing, return_exceptions=True)

    async def _stop_renewing(self, claim: _Claim) -> None:
        """Let the claim stand as it is, once no renewal is on its way any more."""
        claim.over.set()
        if claim.renewing is not None:
            await asyncio.wait({claim.renewing})

    async def _renew(self, claim: _Claim, work: asyncio.Task[Any] | None) -> None:
        parts = self._parts
        while not claim.over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(parts.hold_ms / 3_000):
                    await claim.over.wait()
                return
            until_ms = parts.clock.now_ms() + parts.hold_ms
            try:
                kept = await parts.outbox.renew(claim.due, until_ms=until_ms)
            except Unavailable:
                continue  # it may still be ours when the record is back
            if not kept:
                claim.lost = True
                if work is not None:
                    work.cancel()
                return
            claim.due = replace(claim.due, until_ms=until_ms)


def _waiting(mail: OutgoingMail, now_ms: int) -> Sequence[OutgoingRecipient]:
    """Return who is to be tried now; those whose own time has not come yet wait for it."""
    return [one for one in mail.recipients if one.state is RecipientState.WAITING and one.next_ms <= now_ms]


def _as_written(mail: OutgoingMail, to: Sequence[OutgoingRecipient]) -> Mapping[str, str]:
    """Return the addresses as their author wrote them, by the recipients': the part before @ may tell case."""
    written = {one.email.lower(): one.email for one in (*mail.to, *mail.cc, *mail.bcc)}
    return {one.email: written.get(one.email, one.email) for one in to}


def _return_path(mail: OutgoingMail) -> str:
    """Return where a report of non-delivery goes: with the case's token; nowhere for what a machine wrote."""
    return "" if mail.automatic else mail.reply_to or mail.sender.email
