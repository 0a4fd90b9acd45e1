"""What a call pops on the screen of the agent whose telephone rings. Pure.

What the caller keyed in says more than his number: a case number first, then the number by which another system knows
the customer, then the caller id. The first of them by which anything is found decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from engine.model.call import Call, CallPicture, Direction
from engine.model.pop import Found, Pop, PopQuestion
from engine.model.voice import GIVEN, URL_PLACEHOLDER, PopAction, PopChoice, PopRules

CASE_NUMBER = re.compile(r"^\D{0,4}([0-9]{1,15})#?$")
"""Digits, with a word's beginning or ``#`` before them, as menus of telephone systems hand them over."""
LONGEST_URL = 2_000


def question(rules: PopRules, picture: CallPicture, *, phone: str, contact_id: str) -> PopQuestion:
    """Return what is looked for. ``phone``: E.164; ``contact_id``: whose it was before the call; "" = none."""
    cases = (CASE_NUMBER.match(one) for one in _given(picture, rules.case_number))
    return PopQuestion(
        case_numbers=tuple(int(one.group(1)) for one in cases if one),
        customer_numbers=_given(picture, rules.customer_number),
        source=rules.customer_source,
        contact_id=contact_id,
        phone=phone,
    )


def pop(rules: PopRules, call: Call, found: Found, *, phone: str, agent_id: str) -> Pop:
    """Return what the agent's screen does, by the call's direction and by how much was found."""
    choice = _choice(rules, call.picture.direction)
    if choice is None:
        return Pop()
    action = (choice.none, choice.one, choice.many)[min(len(found.matches), 2)]
    url = ""
    if rules.url:
        url = _filled(rules.url, lambda name: _value(name, call, phone, agent_id))
    if action is PopAction.URL and len(url) > LONGEST_URL:
        action, url = PopAction.NOTHING, ""
    opened = found.matches[0] if len(found.matches) == 1 and action in (PopAction.MATCH, PopAction.CASE) else None
    if opened is not None and action is PopAction.CASE and found.case is not None:
        opened = found.case
    return Pop(action=action, by=found.by, open=opened, matches=found.matches, url=url)


def _choice(rules: PopRules, direction: Direction) -> PopChoice | None:
    of: Mapping[Direction, PopChoice] = {Direction.INBOUND: rules.inbound, Direction.OUTBOUND: rules.outbound}
    return of.get(direction)


def _given(picture: CallPicture, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for name in names if (value := picture.given.get(name, "").strip()))


def _filled(url: str, value: Callable[[str], str]) -> str:
    return URL_PLACEHOLDER.sub(lambda found: quote(value(found.group(1)), safe=""), url)


def _value(name: str, call: Call, phone: str, agent_id: str) -> str:
    picture = call.picture
    if name.startswith(GIVEN):
        return picture.given.get(name.removeprefix(GIVEN), "")
    return {
        "number": phone or picture.customer_number,
        "called": picture.to_number,
        "direction": picture.direction.value,
        "queue": picture.queue,
        "call": call.id,
        "contact": call.contact_id,
        "agent": agent_id,
    }[name]
