"""Mail that is set aside because its channel cannot send: which channels those are, and how it goes on."""

import pytest

from engine.model.mail_record import OutgoingMail, OutgoingState
from engine.store.store import Store
from tests.contract.store.building import START_MS
from tests.contract.store.test_outgoing_mail import claimed, is_due, written

DUE_MS = START_MS + 20_000
LATER_MS = START_MS + 86_400_000


async def set_aside(store: Store, org: str, *, channel: str = "mail") -> OutgoingMail:
    mail = await written(store, org, channel=channel)
    due = await claimed(store, mail, DUE_MS)
    assert await store.outgoing.postpone(due, fault=f"no relay of {channel}", next_ms=LATER_MS, blocked=True)
    return mail


async def places(store: Store, org: str) -> set[str]:
    return {channel for of, channel in await store.outgoing_blocked.blocked_places() if of == org}


async def test_what_is_set_aside_is_due_when_it_is_released(store: Store, org: str) -> None:
    first, second = await set_aside(store, org), await set_aside(store, org)
    other = await set_aside(store, org, channel="other")
    assert await places(store, org) == {"mail", "other"}
    told = await store.outgoing_blocked.of_organisation(org)
    assert [(one.channel, one.mails, one.fault) for one in told] == [
        ("mail", 2, "no relay of mail"),
        ("other", 1, "no relay of other"),
    ]
    assert await store.outgoing_blocked.of_organisation("else") == []
    assert not await is_due(store, first, DUE_MS)
    assert await store.outgoing_blocked.release(("else", "mail"), limit=10, now_ms=DUE_MS) == 0
    assert await store.outgoing_blocked.release((org, "mail"), limit=1, now_ms=DUE_MS) == 1
    due = await claimed(store, first, DUE_MS)
    assert {one.next_ms for one in due.mail.recipients} == {DUE_MS}
    assert await store.outgoing_blocked.release((org, "mail"), limit=10, now_ms=DUE_MS) == 1  # not the claimed one
    assert not (await store.outgoing.get(org, second.id)).blocked
    assert (await store.outgoing.get(org, other.id)).blocked


@pytest.mark.parametrize("state", [OutgoingState.WAITING, OutgoingState.CANCELLED])
async def test_who_hurries_or_takes_back_what_is_set_aside_may(store: Store, org: str, state: OutgoingState) -> None:
    mail = await set_aside(store, org)
    if state is OutgoingState.CANCELLED:
        await store.outgoing.cancel(org, mail.id, now_ms=DUE_MS)
    else:
        await store.outgoing.hurry(org, mail.id, now_ms=DUE_MS)
    now = await store.outgoing.get(org, mail.id)
    assert (now.blocked, now.state) == (False, state)
    assert await places(store, org) == set()


async def test_supervisors_are_told(store: Store, org: str) -> None:
    await store.outgoing_blocked.tell_blocked((org, "mail"), fault="no relay", now_ms=DUE_MS)
    (alert,) = await store.alerts.list(org, user_id="boss")
    assert (alert.kind, alert.data) == ("mail-blocked", {"channel": "mail", "fault": "no relay"})
