"""Of several calls one that cannot be kept: whoever follows the others is told of them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.clock import SystemClock
from engine.cti.reception import CallReception
from engine.errors import Unavailable
from engine.model.call import Call, CallChange, CallEvent, CallKind, CallPicture
from engine.model.organisation import CasePolicy
from engine.model.voice import CallSource, Voice

PBX = CallSource(key="pbx", kind="http", secret="pbx")
PHONE = SimpleNamespace(key="phone", name="Phone", case_policy=CasePolicy.MANUAL, voice=Voice(sources={"pbx": PBX}))
ACME: Any = SimpleNamespace(id="acme", channels={"phone": PHONE}, agents={}, filing=None, region="GB")


class Record:
    """Keeps all calls but one, which it is too busy for."""

    async def take(self, org_id: str, source: str, events: Sequence[CallEvent], **_: object) -> CallChange:
        name = events[0].reference
        if name == "1":
            raise Unavailable("the database is not keeping up", slug="store-busy")
        call = Call(id=name, org_id=org_id, channel="phone", source=source, reference=name, picture=CallPicture())
        return CallChange(call=call, fresh=len(events))


@pytest.mark.asyncio
async def test_calls_that_are_kept_are_told_though_another_is_not() -> None:
    told: list[str] = []

    async def hear(change: CallChange) -> None:
        told.append(change.call.id)

    nothing = cast("Any", None)
    reception = CallReception(
        record=cast("Any", Record()),
        organisations=nothing,
        secrets=nothing,
        phone_key=nothing,
        told=(hear,),
        clock=SystemClock(),
    )
    events = [CallEvent(event_id=one, reference=one, kind=CallKind.RINGING, at_ms=1) for one in "012"]
    with pytest.raises(Unavailable):
        await reception.take(ACME, "pbx", events)
    assert told == ["0", "2"]
