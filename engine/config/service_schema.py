"""Leads and entitlements in the files."""

from __future__ import annotations

from pydantic import Field

from engine.config.section import Section


class LeadsSection(Section):
    """Where opportunities go that agents hand to sales."""

    queue: str = Field("", description="Queue that they wait in, as work of the kind lead; empty: nobody takes them.")


class EntitlementsSection(Section):
    """What is done about entitlements."""

    verify: bool = Field(default=False, description="Verified on every new case; always so where there are plans.")
