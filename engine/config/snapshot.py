"""A checked organisation as bytes and digest for the record, and back.

The bytes are JSON: readable in the database, independent of Python's pickling and of the process (sets are sorted;
mappings keep the order of the files, which is the order that people see). The version is not part of them, so equal
configurations have equal digests; the store numbers them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.errors import ConfigurationError
from engine.model.condition import SEVERAL, Condition, Group, Joint, Operator, Test
from engine.model.hours import Hours
from engine.model.organisation import Organisation, Queue

FORMAT = 1
"""Raised when older bytes can no longer be read; fields that are added with a default do not raise it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """The bytes of a configuration and their SHA-256 in hexadecimal."""

    compiled: bytes
    digest: str


def pack(organisation: Organisation) -> Packed:
    """Return the bytes and digest of ``organisation``; its version does not count."""
    queues = {key: _hours_named(queue, organisation) for key, queue in organisation.queues.items()}
    plain = _plain(dataclasses.replace(organisation, version=0, queues=queues))
    text = json.dumps({"format": FORMAT, "organisation": plain}, ensure_ascii=False, separators=(",", ":"))
    compiled = text.encode()
    return Packed(compiled=compiled, digest=hashlib.sha256(compiled).hexdigest())


def unpack(compiled: bytes, *, version: int) -> Organisation:
    """Return the organisation of a snapshot that has the number ``version``.

    Raises:
        ConfigurationError: the bytes are of another format, or damaged.
    """
    try:
        envelope = msgspec.json.decode(compiled, type=_Envelope, dec_hook=_condition)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"snapshot {version} cannot be read: {error}.", mend="Apply the files again: cordboard config apply."
        ) from error
    if envelope.format != FORMAT:
        raise ConfigurationError(
            f"snapshot {version} has format {envelope.format}, not {FORMAT}.",
            mend="Apply the files again: cordboard config apply.",
        )
    organisation = envelope.organisation
    queues = {key: _hours_hung_in(queue, organisation) for key, queue in organisation.queues.items()}
    return dataclasses.replace(organisation, version=version, queues=queues)


class _Envelope(msgspec.Struct):
    format: int
    organisation: Organisation


def _condition(wanted: type, written: Any) -> Condition:  # noqa: ANN401 -- plain JSON
    """Read a condition: a group has a joint, a test has an operator."""
    if wanted is not Condition:
        raise NotImplementedError(f"nothing reads {wanted}")
    if "joint" in written:
        parts = tuple(_condition(Condition, part) for part in written["parts"])
        return Group(joint=Joint(written["joint"]), parts=parts)
    operator, value = Operator(written["operator"]), written["value"]
    return Test(field=written["field"], operator=operator, value=tuple(value) if operator in SEVERAL else value)


def _hours_named(queue: Queue, organisation: Organisation) -> Queue:
    """Name a queue's hours only, so that years of holidays do not stand once in every queue."""
    hours = queue.hours
    if hours is None or organisation.hours.get(hours.key) != hours:
        return queue
    return dataclasses.replace(queue, hours=Hours(key=hours.key))


def _hours_hung_in(queue: Queue, organisation: Organisation) -> Queue:
    """Undo ``_hours_named``."""
    hours = queue.hours
    if hours is None or hours != Hours(key=hours.key):
        return queue
    return dataclasses.replace(queue, hours=organisation.hours.get(hours.key, hours))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(entry) for entry in value)
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value
