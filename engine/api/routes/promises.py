"""Contracts and entitlements: what was promised to whom."""

from engine.api.access import Agent, Parts, Supervisor
from engine.api.operation import Operation
from engine.api.routes.things import Before, Limit, Text, Whose
from engine.api.schemas.model import Page
from engine.api.schemas.promises import (
    ClaimRequest,
    ContractAnswer,
    ContractChange,
    EntitlementAnswer,
    EntitlementChange,
    NewContract,
    NewEntitlement,
    VerdictAnswer,
)
from engine.api.sight import sight_of
from engine.errors import InvalidInput
from engine.model.service import Contract, Entitlement

TAG = "Contracts and entitlements"
HOLDERS = ("unknown-account", "unknown-contact", "unknown-asset", "unknown-contract")


async def list_contracts(
    parts: Parts,
    who: Agent,
    account_id: Whose = "",
    number: Text = "",
    *,
    limit: Limit = 50,
    before_id: Before = None,
) -> Page[ContractAnswer]:
    """List contracts.

    Newest first; `before_id` is the last id of the page before.
    """
    wanted = {"account_id": account_id, "number": number}
    found = await parts.service.things.contracts.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[ContractAnswer.of(one) for one in found])


async def read_contract(contract_id: str, parts: Parts, who: Agent) -> ContractAnswer:
    """Read a contract."""
    return ContractAnswer.of(await parts.service.things.contracts.get(who.org_id, contract_id))


async def add_contract(body: NewContract, parts: Parts, who: Supervisor) -> ContractAnswer:
    """Add a contract.

    Its number can be used once.
    """
    things = parts.service.things
    now_ms = things.now_ms()
    contract = Contract(
        id=things.new_id(), org_id=who.org_id, created_ms=now_ms, updated_ms=now_ms, **body.model_dump()
    )
    return ContractAnswer.of(await things.add_contract(contract))


async def change_contract(contract_id: str, body: ContractChange, parts: Parts, who: Supervisor) -> ContractAnswer:
    """Change a contract.

    `version` is the one the change is based on. A contract that has ended ends its entitlements.
    """
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    changed = await parts.service.things.change_contract(who.org_id, contract_id, version=body.version, changes=changes)
    return ContractAnswer.of(changed)


async def delete_contract(contract_id: str, parts: Parts, who: Supervisor) -> None:
    """Delete a contract.

    Refused while an entitlement hangs on it.
    """
    await parts.service.things.contracts.delete(who.org_id, contract_id)


async def list_entitlements(
    parts: Parts,
    who: Agent,
    account_id: Whose = "",
    contact_id: Whose = "",
    *,
    asset_id: Whose = "",
    contract_id: Whose = "",
    limit: Limit = 50,
    before_id: Before = None,
) -> Page[EntitlementAnswer]:
    """List entitlements.

    Newest first; `before_id` is the last id of the page before.
    """
    wanted = {"account_id": account_id, "contact_id": contact_id, "asset_id": asset_id, "contract_id": contract_id}
    found = await parts.service.things.entitlements.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[EntitlementAnswer.of(one) for one in found])


async def read_entitlement(entitlement_id: str, parts: Parts, who: Agent) -> EntitlementAnswer:
    """Read an entitlement."""
    return EntitlementAnswer.of(await parts.service.things.entitlements.get(who.org_id, entitlement_id))


async def add_entitlement(body: NewEntitlement, parts: Parts, who: Supervisor) -> EntitlementAnswer:
    """Add an entitlement.

    Of an asset, a contact or an account; without any of them it is its contract's account's.
    """
    things = parts.service.things
    now_ms = things.now_ms()
    given = body.model_dump()
    channels = tuple(given.pop("channels"))
    one = Entitlement(
        id=things.new_id(), org_id=who.org_id, created_ms=now_ms, updated_ms=now_ms, channels=channels, **given
    )
    return EntitlementAnswer.of(await things.add_entitlement(one))


async def change_entitlement(
    entitlement_id: str, body: EntitlementChange, parts: Parts, who: Supervisor
) -> EntitlementAnswer:
    """Change an entitlement.

    `version` is the one the change is based on. Cases that have it keep it.
    """
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    if "channels" in changes:
        changes["channels"] = tuple(changes["channels"])
    changed = await parts.service.things.change_entitlement(
        who.org_id, entitlement_id, version=body.version, changes=changes
    )
    return EntitlementAnswer.of(changed)


async def delete_entitlement(entitlement_id: str, parts: Parts, who: Supervisor) -> None:
    """Delete an entitlement.

    Cases that claimed it keep what they were promised.
    """
    await parts.service.things.entitlements.delete(who.org_id, entitlement_id)


async def verify_entitlement(body: ClaimRequest, parts: Parts, who: Agent) -> VerdictAnswer:
    """Say whether somebody is entitled.

    Nothing is counted: this is how to look before a case is opened, and why a case was judged as it was.
    """
    verdict = await parts.service.things.verify(
        who.org_id,
        on=body.on,
        channel=body.channel,
        contact_id=body.contact_id,
        account_id=body.account_id,
        assets=body.asset_ids,
    )
    return VerdictAnswer.of(verdict)


OPERATIONS = (
    Operation(method="GET", path="/contracts", handler=list_contracts, tag=TAG),
    Operation(
        method="POST",
        path="/contracts",
        handler=add_contract,
        tag=TAG,
        status=201,
        errors=("number-taken", "unknown-account"),
    ),
    Operation(
        method="GET", path="/contracts/{contract_id}", handler=read_contract, tag=TAG, errors=("unknown-contract",)
    ),
    Operation(
        method="PATCH",
        path="/contracts/{contract_id}",
        handler=change_contract,
        tag=TAG,
        errors=("unknown-contract", "stale-version", "number-taken", "unknown-account"),
    ),
    Operation(
        method="DELETE",
        path="/contracts/{contract_id}",
        handler=delete_contract,
        tag=TAG,
        status=204,
        errors=("unknown-contract", "in-use"),
    ),
    Operation(method="GET", path="/entitlements", handler=list_entitlements, tag=TAG),
    Operation(method="POST", path="/entitlements", handler=add_entitlement, tag=TAG, status=201, errors=HOLDERS),
    Operation(method="POST", path="/entitlements/verify", handler=verify_entitlement, tag=TAG),
    Operation(
        method="GET",
        path="/entitlements/{entitlement_id}",
        handler=read_entitlement,
        tag=TAG,
        errors=("unknown-entitlement",),
    ),
    Operation(
        method="PATCH",
        path="/entitlements/{entitlement_id}",
        handler=change_entitlement,
        tag=TAG,
        errors=("unknown-entitlement", "stale-version", *HOLDERS),
    ),
    Operation(
        method="DELETE",
        path="/entitlements/{entitlement_id}",
        handler=delete_entitlement,
        tag=TAG,
        status=204,
        errors=("unknown-entitlement",),
    ),
)
