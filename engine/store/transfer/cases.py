"""Rows of cases, written: changed by the rules where the case is known by its key, else opened as it was elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.errors import InvalidInput
from engine.model.case import Case, NewCase
from engine.model.case_setup import Filing
from engine.model.transfer import ImportRow, Noun, Outcome
from engine.store.cases.decide import decide_case
from engine.store.cases.references import check_references
from engine.store.cases.tables import cases
from engine.store.cases.writes import add_event, open_case
from engine.store.transfer.writing import Writing
from engine.store.upsert import change


def put_case(w: Writing, row: ImportRow) -> Outcome:
    """Write a row of a case; raise CordboardError where it cannot be."""
    refers = {
        "contact_id": w.referred(row, "contact", Noun.CONTACT),
        "account_id": w.referred(row, "account", Noun.ACCOUNT),
        "parent_id": w.referred(row, "parent", Noun.CASE),
        "owner_id": w.user(row),
    }
    said = {name: value for name, value in refers.items() if value is not None}
    known = w.known(row)
    if known:
        outcome = _changed(w, row, known, said)
    else:
        known, outcome = _opened(w, row, said), Outcome.CREATED
    w.keep_key(row, known)
    return outcome


def _changed(w: Writing, row: ImportRow, case_id: str, said: dict[str, str]) -> Outcome:
    if row.changing is None:
        raise InvalidInput("The row says nothing of a case.")
    decided = decide_case(
        w.conn, (w.org_id, case_id), row.changing(said), actor_id=w.actor_id, new_id=w.new_id, now_ms=w.now_ms
    )
    return Outcome.UPDATED if decided.events else Outcome.UNCHANGED


def _opened(w: Writing, row: ImportRow, said: dict[str, str]) -> str:
    lacks, detail = row.not_new
    if lacks or detail:
        raise InvalidInput(detail, field=lacks)
    values: dict[str, Any] = dict(row.values)
    wanted, filing, status = values["case"], values["filing"], values["status"]
    assert isinstance(wanted, NewCase)
    opened_ms = values["opened"] or w.now_ms
    closed_ms = (values["closed"] or w.now_ms) if values["over"] else 0
    check_references(w.conn, Case(id="", org_id=w.org_id, number=0, subject="", contact_id=""), said)
    refers_to: dict[str, Any] = dict(said)
    heard = filing.watched and not w.options.quiet
    as_it_was = Filing(watched=heard, new=status or filing.new, taken=status or filing.taken)
    new = replace(wanted, filing=as_it_was, origin="import", **refers_to)
    case = open_case(w.conn, new, new_id=w.new_id, actor_id=w.actor_id, now_ms=opened_ms)
    now = {"watched": int(filing.watched), "closed_ms": closed_ms, "updated_ms": max(opened_ms, closed_ms)}
    change(w.conn, cases, {"id": case.id}, now)
    told = {"source": w.options.source, "external_id": row.external_id}
    add_event(w.conn, case, kind="imported", data=told, new_id=w.new_id, actor_id=w.actor_id, now_ms=w.now_ms)
    return case.id
