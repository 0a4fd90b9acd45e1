"""Hand live signals to the listeners in this process.

A listener that does not keep up must not hold back the others nor fill the memory: its queue is bounded, and
when it runs over, what it holds is thrown away and one ``Behind`` stands in its place, upon which the reader
goes to the record. Order needs no care here: entries carry their number.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from engine.model.signal import AlertRaised, Behind, CallMoved, DeskSignal, EntryAppended, JobMoved, Receipt, Signal

BOUND = 256


class Relay(Protocol):
    """Carry signals to other processes."""

    def relay(self, signal: Signal | DeskSignal) -> None:
        """Take one signal; never blocks, may lose it."""
        ...


class Subscription:
    """One listener's queue, for one or several conversations; has one reader."""

    def __init__(self, *, hub: "Hub", bound: int = BOUND) -> None:
        self._hub = hub
        self._bound = bound
        self._waiting: deque[tuple[float, Signal]] = deque()  # since when, what
        self._some = asyncio.Event()
        self._followed: set[str] = set()

    def follow(self, interaction_id: str) -> None:
        """Hear this conversation too; a second call does nothing."""
        self._followed.add(interaction_id)
        self._hub.attach(interaction_id, self)

    def unfollow(self, interaction_id: str) -> None:
        """Hear this conversation no longer."""
        self._followed.discard(interaction_id)
        self._hub.detach(interaction_id, self)

    def put(self, signal: Signal) -> None:
        """Queue one signal; on overflow keep receipts and leave one ``Behind`` per conversation."""
        if len(self._waiting) >= self._bound:
            self._overflow()
        self._waiting.append((time.perf_counter(), signal))
        self._some.set()

    async def get(self) -> Signal:
        """Return the next signal, waiting for one. Cancellation loses nothing."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        since, signal = self._waiting.popleft()
        self._hub.passed(time.perf_counter() - since)
        return signal

    def close(self) -> None:
        """Hear nothing any more; safe to call twice."""
        for interaction_id in tuple(self._followed):
            self.unfollow(interaction_id)

    def _overflow(self) -> None:
        since, lost = self._waiting[0][0], [signal for _, signal in self._waiting]
        receipts = {(one.interaction_id, one.who): one for one in lost if isinstance(one, Receipt)}
        behind = {one.interaction_id: Behind(interaction_id=one.interaction_id) for one in lost}
        # Receipts only grow and repeat themselves: dropping the older half of very many harms nobody.
        kept: list[Signal] = [*behind.values(), *list(receipts.values())[-(self._bound // 2) :]]
        self._waiting.clear()
        self._waiting.extend((since, one) for one in kept)


class Hub:
    """Know who listens to what; deliver signals to them and, where joined, to the other processes."""

    def __init__(self, *, observe: Callable[[float], None] | None = None) -> None:
        """Begin without listeners; ``observe`` hears how long each signal lay before its reader took it (seconds)."""
        self._observe = observe
        self._listeners: dict[str, set[Subscription]] = {}
        self._known: dict[str, int] = {}
        self._relay: Relay | None = None
        self._desks: list[Callable[[DeskSignal], None]] = []

    def hear(self, listener: Callable[[DeskSignal], None]) -> None:
        """Let a listener hear what concerns people, from whichever process; it must not block."""
        self._desks.append(listener)

    def join(self, relay: Relay) -> None:
        """Send what is published here to other processes too."""
        self._relay = relay

    def subscribe(self, org_id: str, interaction_id: str) -> Subscription:  # noqa: ARG002 - ids are unique anyway
        """Return a subscription to one conversation; whoever asks has checked that it is the organisation's."""
        subscription = Subscription(hub=self)
        subscription.follow(interaction_id)
        return subscription

    def inbox(self) -> Subscription:
        """Return a subscription that follows nothing yet."""
        return Subscription(hub=self)

    def attach(self, interaction_id: str, subscription: Subscription) -> None:
        """Let ``subscription`` hear the conversation."""
        self._listeners.setdefault(interaction_id, set()).add(subscription)

    def detach(self, interaction_id: str, subscription: Subscription) -> None:
        """Let ``subscription`` hear the conversation no longer."""
        listeners = self._listeners.get(interaction_id)
        if listeners is None:
            return
        listeners.discard(subscription)
        if not listeners:
            del self._listeners[interaction_id]
            self._known.pop(interaction_id, None)

    def publish(self, signal: Signal | DeskSignal) -> None:
        """Deliver a signal here and in the other processes. Never blocks."""
        self.deliver(signal)
        if self._relay is not None:
            self._relay.relay(signal)

    def deliver(self, signal: Signal | DeskSignal) -> None:
        """Deliver a signal to the listeners of this process. Never blocks."""
        if isinstance(signal, AlertRaised | JobMoved | CallMoved):
            for hears in self._desks:
                hears(signal)
            return
        listeners = self._listeners.get(signal.interaction_id)
        if listeners is None:
            return
        if isinstance(signal, EntryAppended):
            self._note(signal.interaction_id, signal.entry.seq)
        for listener in listeners:
            listener.put(signal)

    def passed(self, seconds: float) -> None:
        """Note that a reader took a signal after so long."""
        if self._observe is not None:
            self._observe(seconds)

    def followed(self) -> list[str]:
        """List the conversations somebody here listens to."""
        return list(self._listeners)

    def known_seq(self, interaction_id: str) -> int:
        """Return the highest number that listeners here have been told of; 0 = none."""
        return self._known.get(interaction_id, 0)

    def tell_behind(self, interaction_id: str, last_seq: int) -> None:
        """Tell the listeners here that the record goes up to ``last_seq``."""
        if interaction_id in self._listeners:
            self._note(interaction_id, last_seq)
            self.deliver(Behind(interaction_id=interaction_id, last_seq=last_seq))

    def _note(self, interaction_id: str, seq: int) -> None:
        if seq > self._known.get(interaction_id, 0):
            self._known[interaction_id] = seq
