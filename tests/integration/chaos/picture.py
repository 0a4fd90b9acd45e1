"""A picture of a whole board, key by key, as it lies in Valkey; and its nouns, read without the router's help."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.router.library import FOLDER
from engine.valkey.client import Valkey, meta_key


@dataclass
class Picture:
    """The keys of a board's present epoch, without their prefix, by type."""

    meta: Mapping[str, str]
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    sets: dict[str, set[str]] = field(default_factory=dict)
    lines: dict[str, dict[str, float]] = field(default_factory=dict)  # sorted sets

    @property
    def now(self) -> int:
        """The board's last real time."""
        return int(self.meta["clock"])

    def named(self, kind: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield id and fields of every hash of the kind."""
        for key, fields in self.hashes.items():
            if key.startswith(f"{kind}:"):
                yield key.removeprefix(f"{kind}:"), fields

    @property
    def items(self) -> dict[str, dict[str, str]]:
        """Work items by id."""
        return dict(self.named("item"))

    @property
    def agents(self) -> dict[str, dict[str, str]]:
        """Agents by id."""
        return dict(self.named("agent"))

    def config(self, kind: str, key: str) -> dict[str, Any]:
        """Return a part of the configuration as the board has it."""
        text = self.hashes["config"].get(f"{kind}:{key}")
        return json.loads(text) if text else {}

    @property
    def settings(self) -> dict[str, Any]:
        """The organisation's settings as the board has them."""
        settings: dict[str, Any] = json.loads(self.hashes["config"]["settings"])
        return settings

    def is_paused(self, queue: str) -> bool:
        """Say whether nothing of the queue is handed out."""
        return f",{queue}," in self.meta.get("paused", "")

    def signature(self, number: str) -> "Signature | None":
        """Return what a signature asks for."""
        text = self.hashes.get("signatures", {}).get(number)
        return Signature.read(text) if text else None

    def cohort(self, number: str) -> "Cohort":
        """Return what a cohort can do."""
        return Cohort.read(self.hashes.get("cohorts", {}).get(number, "-  "))


@dataclass(frozen=True)
class Signature:
    """What items alike ask for."""

    queues: tuple[str, ...]
    demand: str
    skills: Mapping[str, int]

    @staticmethod
    def read(text: str) -> "Signature":
        """Read ``queue+queue|channel*weight|skill=level,…``."""
        queues, demand, skills = text.split("|")
        levels = {skill: int(level) for skill, level in re.findall(r"([^,=]+)=(\d+)", skills)}
        return Signature(tuple(queues.split("+")), demand, levels)


@dataclass(frozen=True)
class Cohort:
    """What agents alike can do."""

    skills: Mapping[str, int]
    queues: Mapping[str, str]

    @staticmethod
    def read(text: str) -> "Cohort":
        """Read ``- sskill=5 qqueue=h0``; a level is a character from '0' on."""
        skills = {skill: ord(level) - 48 for skill, level in re.findall(r" s(\S+?)=(.)", text)}
        return Cohort(skills, dict(re.findall(r" q(\S+?)=(\S+)", text)))

    def fits(self, signature: Signature) -> bool:
        """Say whether these agents are members and qualified."""
        member = any(queue in self.queues for queue in signature.queues)
        return member and all(self.skills.get(skill, 0) >= level for skill, level in signature.skills.items())


def held_by(agent: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return (item, channel, units) of all that an agent has room taken for."""
    return [
        (item, kind, int(units)) for item, kind, units in re.findall(r"(\S+)\*(\S+)\*(-?\d+)", agent.get("held", ""))
    ]


def offers_of(item: Mapping[str, str]) -> dict[str, int]:
    """Return the offers of an item: agent → assignment."""
    if item["state"] != "offered":
        return {}
    several = {agent: int(number) for agent, number in re.findall(r"(\S+):(\d+)", item.get("offered_to", ""))}
    return several or {item["agent"]: int(item["assignment"])}


async def take(valkey: Valkey, org: str) -> Picture:
    """Read every key of the board's present epoch; nobody may write meanwhile."""
    root = meta_key(org).removesuffix("meta")
    picture = Picture(meta=await _record(valkey, meta_key(org), "META", "core"))
    prefix = f"{root}{picture.meta['epoch']}:"
    cursor = "0"
    names: set[str] = set()
    while True:
        cursor, found = await valkey.command("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", 1000)
        names |= set(found)
        if str(cursor) == "0":
            break
    for name in sorted(names):
        await _read(valkey, picture, name, name.removeprefix(prefix))
    return picture


async def _read(valkey: Valkey, picture: Picture, name: str, short: str) -> None:
    kind = await valkey.command("TYPE", name)
    if kind == "hash":
        picture.hashes[short] = _pairs(await valkey.command("HGETALL", name))
    elif kind == "string":
        picture.hashes[short] = await _record(valkey, name, RECORDS[short.partition(":")[0]])
    elif kind == "set":
        picture.sets[short] = set(await valkey.command("SMEMBERS", name))
    else:
        flat = await valkey.command("ZRANGE", name, 0, -1, "WITHSCORES")
        pairs = flat if flat and isinstance(flat[0], list) else list(zip(flat[::2], flat[1::2], strict=True))
        picture.lines[short] = {member: float(score) for member, score in pairs}


RECORDS = {"item": "ITEM", "agent": "AGENT"}
UNPACK = """
local core = ARGV[2] == '' and redis.call('GET', KEYS[1]) or redis.call('HGET', KEYS[1], ARGV[2])
local list = core and {struct.unpack(ARGV[1], core)} or {}
for i, value in ipairs(list) do
  list[i] = type(value) == 'number' and string.format('%.17g', value) or value
end
return list
"""
"""What a record's key holds, its packed core unpacked (lib/record.lua)."""


def _packing(kind: str) -> tuple[str, list[str]]:
    """Return the format and the names of a kind's fields."""
    text = (FOLDER / "lib" / "fields.lua").read_text()
    found = re.search(rf"fields\.{kind} = {{\s+format = '(.*?)',\s+names = {{(.*?)}}", text, re.DOTALL)
    assert found is not None
    return found[1], re.findall(r"'(\w+)'", found[2])


async def _record(valkey: Valkey, key: str, kind: str, field: str = "") -> dict[str, str]:
    form, names = _packing(kind)
    core = await valkey.command("EVAL", UNPACK, 1, key, form, field)
    return dict(zip(names, core, strict=False))


def _pairs(answer: Any) -> dict[str, str]:
    if isinstance(answer, Mapping):
        return dict(answer)
    return dict(zip(answer[::2], answer[1::2], strict=True))
