"""Hold a picture of a board against the guarantees: what every key says must agree with every other.

Written from the model, not from the Lua: it counts, ranks and judges for itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.integration.chaos.picture import Cohort, Picture, held_by, offers_of

STEP = 2**41
PARKED = "-"
PLACES = ("line", "waits", "waiting", "own", "parked")


def audit(picture: Picture) -> list[str]:
    """Return what is wrong with the board; [] when all agrees."""
    checks = (items_in_places, places_hold_items, heads, counts, holdings, presence, passing, rooms, timers)
    more = (cohorts, signatures, readiness, conserving)
    return [f"{check.__name__}: {fault}" for check in checks + more for fault in check(picture)]


def number(fields: Mapping[str, str], name: str) -> int:
    """Return a number of a record; what is 0 is not stored."""
    return int(float(fields.get(name, "0") or 0))


def _places(picture: Picture) -> dict[str, dict[str, float]]:
    """Return for each item where it stands: place → score."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for key, members in picture.lines.items():
        if key.split(":")[0] in PLACES:
            for member, score in members.items():
                found[member][key] = score
    return found


def items_in_places(picture: Picture) -> Iterator[str]:
    """Each item in exactly one state and one place (guarantee 1)."""
    places = _places(picture)
    for item_id, item in picture.items.items():
        stands, rank, queue = places.get(item_id, {}), float(item.get("rank", 0)), item["queue"]
        expected: dict[str, float] = {}
        if item["state"] == "queued":
            place = f"own:{item['holder']}" if item.get("holder") else f"waiting:{item['signature']}"
            since = number(item, "waiting") - number(item, "age")
            expected = {f"line:{queue}": rank, f"waits:{queue}": float(since), place: rank}
            if item.get("agent") or number(item, "assignment"):
                yield f"{item_id} is queued and has an agent"
        elif item["state"] == "parked":
            expected = {f"parked:{item['agent']}": stands.get(f"parked:{item['agent']}", -1.0)}
        if stands != expected:
            yield f"{item_id} ({item['state']}) stands in {stands}, not in {expected}"


def places_hold_items(picture: Picture) -> Iterator[str]:
    """Nothing stands anywhere that is no item; a closed item is nowhere."""
    items = picture.items
    for item_id, stands in _places(picture).items():
        if item_id not in items:
            yield f"{item_id} stands in {stands} and is no item"
    for key, fields in picture.hashes.items():
        if key.startswith("closed:"):
            yield from (f"{item_id} is closed and on the board" for item_id in fields.keys() & items.keys())


def heads(picture: Picture) -> Iterator[str]:
    """Signatures stand in the lines of their demand by their head's rank, those of paused queues not at all."""
    expected: dict[str, dict[str, float]] = defaultdict(dict)
    for key, members in picture.lines.items():
        kind, _, name = key.partition(":")
        if kind == "waiting":
            signature = picture.signature(name)
            if signature is None:
                yield f"items wait in signature {name}, which is not there"
            elif not picture.is_paused(signature.queues[0]):
                expected[signature.demand][name] = min(members.values())
    found = {key.removeprefix("lines:"): members for key, members in picture.lines.items() if key.startswith("lines:")}
    if found != expected:
        yield f"lines are {found}, not {dict(expected)}"


def counts(picture: Picture) -> Iterator[str]:
    """The numbers of items per state and queue are right."""
    states = ("scheduled", "offered", "active", "wrapup", "parked")
    real = Counter(f"{item['state']}:{item['queue']}" for item in picture.items.values() if item["state"] in states)
    told = {key: int(value) for key, value in picture.hashes.get("counts", {}).items() if int(value) != 0}
    if told != dict(real):
        yield f"counts say {told}, not {dict(real)}"


def holdings(picture: Picture) -> Iterator[str]:
    """Items and agents agree about who holds what; nobody has two (guarantee 1)."""
    holders: dict[str, set[str]] = defaultdict(set)
    for item_id, item in picture.items.items():
        if item["state"] in ("active", "wrapup"):
            holders[item_id] = {item["agent"]}
        elif item["state"] == "offered":
            holders[item_id] = set(offers_of(item))
        elif item["state"] == "parked":
            # Whether it takes units was decided when it was parked; the profile may say otherwise by now.
            keeps = any(held == item_id and kind == PARKED for held, kind, _ in held_by(picture.agents[item["agent"]]))
            holders[item_id] = {item["agent"]} if keeps else set()
    real: dict[str, list[str]] = defaultdict(list)
    for agent_id, agent in picture.agents.items():
        for item_id, _, _ in held_by(agent):
            real[item_id].append(agent_id)
        offered = sum(agent_id in offers_of(item) for item in picture.items.values())
        if offered != number(agent, "offers"):
            yield f"{agent_id} has {offered} offers, his record says {number(agent, 'offers')}"
    for item_id in holders.keys() | real.keys():
        if sorted(holders.get(item_id, ())) != sorted(real.get(item_id, ())):
            yield f"{item_id} is with {sorted(holders.get(item_id, ()))}, held by {real.get(item_id, [])}"


def presence(picture: Picture) -> Iterator[str]:
    """Sockets, leases and staff numbers agree."""
    timers_of = picture.lines.get("timers", {})
    staff: Counter[str] = Counter()
    for agent_id, agent in picture.agents.items():
        sockets = picture.hashes.get(f"connections:{agent_id}", {})
        opened = [socket for socket, state in sockets.items() if state == "open"]
        if len(opened) != number(agent, "connections"):
            yield f"{agent_id} has {len(opened)} sockets, his record says {number(agent, 'connections')}"
        for socket in sockets:
            if f"lease|{agent_id}|{socket}" not in timers_of:
                yield f"{agent_id}'s socket {socket} has no lease"
        loose = [item for item, kind, _ in held_by(agent) if kind == "chat"]
        if not opened and loose and f"grace|{agent_id}" not in timers_of:
            yield f"{agent_id} is gone, holds {loose} and has no grace"
        own = len(picture.lines.get(f"own:{agent_id}", {}))
        if own != number(agent, "own"):
            yield f"{agent_id} has {own} items of his own, his record says {number(agent, 'own')}"
        if agent.get("cohort") and picture.config("status", agent["status"]).get("kind") != "offline":
            staff[agent["cohort"]] += 1
    told = {key: int(value) for key, value in picture.hashes.get("staff", {}).items() if int(value) != 0}
    if told != dict(staff):
        yield f"staff is said to be {told}, is {dict(staff)}"


def passing(picture: Picture) -> Iterator[str]:
    """Who is passed over for what is known on both sides, and each memory ends."""
    by_item = {(key[7:], who) for key, agents in picture.sets.items() if key.startswith("passed:") for who in agents}
    by_agent = {(what, key[8:]) for key, items in picture.sets.items() if key.startswith("refused:") for what in items}
    if by_item != by_agent:
        yield f"passed over for items {by_item - by_agent}, for agents {by_agent - by_item}"
    for item_id, agent_id in by_item:
        consult = picture.items.get(item_id, {}).get("parent")
        if not consult and f"memory|{item_id}|{agent_id}" not in picture.lines.get("timers", {}):
            yield f"{agent_id} is passed over for {item_id} for ever"
    for kind, records in (("item", picture.items), ("agent", picture.agents)):
        real = Counter(pair[0 if kind == "item" else 1] for pair in by_item)
        for name, fields in records.items():
            field = "passed" if kind == "item" else "refused"
            if number(fields, field) != real[name]:
                yield f"{name}: {field} is {number(fields, field)}, not {real[name]}"


def rooms(picture: Picture) -> Iterator[str]:
    """A room is held for a queued item, and both know it; so it ends."""
    items = picture.items
    for agent_id, agent in picture.agents.items():
        item = items.get(agent.get("reserved", ""))
        if agent.get("reserved") and (item is None or item["state"] != "queued" or item.get("room_of") != agent_id):
            yield f"{agent_id}'s room is held for {agent['reserved']}: {item}"
    for item_id, item in items.items():
        keeper = item.get("room_of")
        if keeper and picture.agents[keeper].get("reserved") != item_id:
            yield f"{item_id} has room at {keeper}, who knows nothing of it"


def timers(picture: Picture) -> Iterator[str]:
    """Whatever has to end has a timer; nothing is left that was due at the last tick."""
    set_for, alarms = picture.lines.get("timers", {}), picture.lines.get("alarms", {})
    for item_id, item in picture.items.items():
        for agent_id in offers_of(item):
            if set_for.get(f"offer|{item_id}|{agent_id}") is None:
                yield f"{item_id}'s offer to {agent_id} never ends"
        if item["state"] == "wrapup" and number(item, "deadline") and f"wrapup|{item_id}" not in set_for:
            yield f"{item_id}'s wrap-up never ends"
        if item["state"] == "scheduled" and f"schedule|{item_id}" not in alarms:
            yield f"{item_id} is scheduled for ever"
        until = number(item, "preferred_until")
        if item["state"] == "queued" and item.get("holder") and until and f"unhold|{item_id}" not in alarms:
            yield f"{item_id} is held for {item['holder']} for ever"
    ticked = int(picture.meta["tick"])
    late = [name for name, due in set_for.items() if due < ticked - int(picture.meta["stopped"])]
    late += [name for name, due in alarms.items() if due < ticked]
    if late:
        yield f"due and not done: {late}"


def cohorts(picture: Picture) -> Iterator[str]:
    """Agents' cohorts and the sets made of them agree."""
    texts, ids = picture.hashes.get("cohorts", {}), picture.hashes.get("cohort-ids", {})
    if {text: key for key, text in texts.items()} != ids:
        yield f"cohorts {texts} and their ids {ids} differ"
    of_agents: dict[str, set[str]] = defaultdict(set)
    for agent_id, agent in picture.agents.items():
        if number(agent, "cohort"):
            of_agents[agent["cohort"]].add(agent_id)
    real = {key.removeprefix("cohort:"): members for key, members in picture.sets.items() if key.startswith("cohort:")}
    if real != of_agents or real.keys() != texts.keys():
        yield f"cohorts hold {real}, agents say {dict(of_agents)}"
    wanted: dict[str, dict[str, float]] = defaultdict(dict)
    for key in texts:
        cohort = picture.cohort(key)
        for skill, level in cohort.skills.items():
            wanted[f"skilled:{skill}"][key] = float(level)
        for queue, terms in cohort.queues.items():
            wanted[f"members:{queue}"][key] = 0.0 if terms[0] == "h" else 1.0
    found = {key: line for key, line in picture.lines.items() if key.startswith(("skilled:", "members:"))}
    if found != wanted:
        yield f"members and skilled are {found}, not {dict(wanted)}"


def signatures(picture: Picture) -> Iterator[str]:
    """Signatures, their ids and the sets made of them agree."""
    texts, ids = picture.hashes.get("signatures", {}), picture.hashes.get("signature-ids", {})
    if {text: key for key, text in texts.items()} != ids:
        yield "signatures and their ids differ"
    wanted: dict[str, set[str]] = defaultdict(set)
    met = picture.sets.get("demands", set())
    for key in texts:
        signature = picture.signature(key)
        assert signature is not None
        for queue in signature.queues:
            wanted[f"queue-signatures:{queue}"].add(key)
        if signature.demand not in met:
            yield f"demand {signature.demand} was never met"
    found = {key: members for key, members in picture.sets.items() if key.startswith("queue-signatures:")}
    if found != wanted:
        yield f"queues' signatures are {found}, not {dict(wanted)}"


def not_ready(  # noqa: PLR0911 - one reason after the other
    picture: Picture, agent: Mapping[str, str], channel: str, weight: int, item_id: str = ""
) -> str:
    """Return why an agent can take nothing like it now, "" when he can: the model's rule, told once more."""
    profile = picture.config("profile", agent.get("profile", ""))
    terms = profile.get("channels", {}).get(channel)
    if not number(agent, "connections"):
        return "not connected"
    if channel not in picture.config("status", agent["status"]).get("channels", {}):
        return "status"
    if number(agent, "offers"):
        return "offer pending"
    if number(agent, "pace") > picture.now:
        return "pace"
    if agent.get("reserved", "") not in ("", item_id):
        return "room held"
    if terms is None:
        return "no such channel"
    return no_room(profile, [(kind, units) for _, kind, units in held_by(agent)], channel, weight)


def no_room(
    profile: Mapping[str, dict[str, dict[str, int]]], held: list[tuple[str, int]], channel: str, weight: int
) -> str:
    """Return why there is no room for one more item beside what is held, "" when there is."""
    channels = profile["channels"]
    terms = channels[channel]
    room = int(profile["units"])  # type: ignore[call-overload] # a number among the maps
    for kind, units in held:
        other = channels.get(kind, {})
        if other.get("exclusive"):
            return "exclusive work"
        if channel not in (other.get("interruptible_by") or {}):  # type: ignore[operator]
            if terms.get("needs_empty") and kind != PARKED:
                return "needs empty"
            room -= units
    if room < (weight or terms["weight"]):
        return "no room"
    if terms["maximum"] and sum(kind == channel for kind, _ in held) >= terms["maximum"]:
        return "maximum"
    return ""


def _first_heads(picture: Picture, ready: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the best of each cohort, for every face and for those at home in a queue."""
    firsts: dict[str, dict[str, float]] = defaultdict(dict)
    for key, line in ready.items():
        face, _, cohort = key.removeprefix("ready:").rpartition(":")
        queues = Cohort.read(picture.hashes["cohorts"][cohort]).queues
        homes = [f"@{queue}" for queue, terms in queues.items() if terms.startswith("h")]
        for home in ("", *homes):
            firsts[f"heads:{face}{home}"][cohort] = min(line.values())
    return dict(firsts)


def readiness(picture: Picture) -> Iterator[str]:
    """The ready sets hold exactly who is ready, at his score; the heads are the best of each cohort."""
    orders, demands = picture.settings["orders"], picture.sets.get("demands", set())
    wanted: dict[str, dict[str, float]] = defaultdict(dict)
    for agent_id, agent in picture.agents.items():
        if not number(agent, "cohort"):
            continue
        for demand in demands:
            channel, _, weight = demand.rpartition("*")
            if not not_ready(picture, agent, channel, int(weight)):
                for order in orders:
                    key = f"ready:{demand}:{order}:{agent['cohort']}"
                    wanted[key][agent_id] = score(picture, agent, order)
    found = {key: line for key, line in picture.lines.items() if key.startswith("ready:")}
    for key in found.keys() | wanted.keys():
        if found.get(key, {}) != wanted.get(key, {}):
            yield f"{key} is {found.get(key, {})}, not {wanted.get(key, {})}"
    firsts = _first_heads(picture, found)
    real = {key: line for key, line in picture.lines.items() if key.startswith("heads:")}
    if real != firsts:
        yield f"heads are {real}, not {firsts}"


def score(picture: Picture, agent: Mapping[str, str], order: str) -> float:
    """Return where an agent stands in an order."""
    idle = number(agent, "idle")
    if order == "least_loaded":
        units = int(picture.config("profile", agent["profile"]).get("units", 0))
        used = sum(units for _, _, units in held_by(agent))
        return float(min(1000 * used // units, 2000) * STEP + idle) if units else float(idle)
    if order == "fewest_handled":
        return float(min(number(agent, "handled"), 4000) * STEP + idle)
    return float(idle)


def conserving(picture: Picture) -> Iterator[str]:
    """No queued item has an eligible agent (guarantee 3)."""
    for item_id, item in picture.items.items():
        signature = picture.signature(item.get("signature", ""))
        if item["state"] != "queued" or picture.is_paused(item["queue"]) or signature is None:
            continue
        passed = picture.sets.get(f"passed:{item_id}", set())
        for agent_id, agent in picture.agents.items():
            own = item.get("holder") == agent_id
            if agent_id in passed or (item.get("holder") and not own):
                continue
            if not own and not picture.cohort(agent.get("cohort", "0")).fits(signature):
                continue
            if not not_ready(picture, agent, item["channel"], number(item, "weight"), item_id):
                yield f"{item_id} waits, and {agent_id} is eligible: {item} {agent}"
