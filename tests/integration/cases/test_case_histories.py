"""Random histories: whatever persons, agents, customers and crashes do, a case has one open item at most."""

import contextlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine import failpoints
from engine.errors import CordboardError, Unavailable
from engine.model.case_setup import OVER, kind_of
from engine.model.case_work import CASE_KIND, OWN_KINDS
from engine.model.work import WorkState
from tests.integration.cases.house import LOGINS, OPEN, House, built
from tests.records import migrated_file

CRASHES = ("casework.after-board", "casework.after-commit", "effects.before-send", "effects.after-send")
STATUSES = ("open", "waiting", "resolved", "closed", "open", "waiting")


class History:
    """One seeded history on a few cases."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.case_ids: list[str] = []
        self.told: list[str] = []

    async def play(self, length: int) -> None:
        """Play commands; look at every case whenever all has been done."""
        for _ in range(2):
            self.case_ids.append(await self.house.opened())
        for _ in range(length):
            await self._once()
            if self.dice.random() < 0.5:
                await self._settle()
                await self._look()
        await self._settle()
        await self._look()

    async def _once(self) -> None:
        house, case_id, login = self.house, self.dice.choice(self.case_ids), self.dice.choice(LOGINS)
        commands: dict[str, Callable[[], Awaitable[object]]] = {
            "status": lambda: house.change(case_id, login, status=self.dice.choice(STATUSES)),
            "take": lambda: house.change(case_id, login, owner_id=house.users[login]),
            "let go": lambda: house.change(case_id, login, owner_id=""),
            "priority": lambda: house.change(case_id, login, priority=self.dice.randint(0, 9)),
            "queue": lambda: house.change(case_id, login, queue=self.dice.choice(("sales", "support"))),
            "unroute": lambda: house.change(case_id, login, routed=self.dice.random() < 0.7),
            "assign": lambda: house.assign(case_id),
            "mail": lambda: house.mail(case_id),
            "accept": lambda: house.accept(login),
            "accept again": lambda: house.accept(login),
            "decline": lambda: house.decline(login),
            "sign in": lambda: house.sign_in(login),
            "end": lambda: self._end(login),
            "time": lambda: house.advance(self.dice.choice((500, 6_000))),
            "clerk": house.clerk.step,
            "outbox": house.effects.step,
        }
        name = self.dice.choice(sorted(commands))
        self.told.append(f"{name} {login} {self.case_ids.index(case_id)}")
        try:
            await commands[name]()
        except (CordboardError, IndexError, KeyError):
            self.told[-1] += " refused"  # nobody has an offer, or the status cannot be had from here

    async def _end(self, login: str) -> None:
        house = self.house
        view = await house.router.agent_view(house.org_id, house.users[login])
        active = [one for one in view.items if one.state is WorkState.ACTIVE]
        item = active[0]
        await house.take(await house.router.end(house.org_id, item.item_id, house.users[login], item.assignment))

    async def _settle(self) -> None:
        """Let all be done, at times over a failure at some point."""
        if self.dice.random() < 0.4:
            name = self.dice.choice(CRASHES)
            self.told.append(f"fails at {name}")
            failpoints.arm(f"{name}=raise")
            try:
                with contextlib.suppress(Unavailable):
                    await self.house.clerk.step()
                    await self.house.effects.step()
            finally:
                failpoints.arm("")
            self.house.clock.ms += 2_000
        await self.house.settle()

    async def _look(self) -> None:
        house, statuses = self.house, self.house.book.get(self.house.org_id).case_statuses
        held = {login: await house.holds(login) for login in LOGINS}
        for case_id in self.case_ids:
            case, items = await house.case(case_id), await house.items(case_id)
            open_items = [item for item in items if item.state in OPEN and item.kind in OWN_KINDS]
            kind = kind_of(statuses, case.status)
            story = "\n".join([*self.told, f"{case}", *map(str, items)])
            if not case.routed and not case.item_id:  # its mail is nobody's business but the mail's
                assert not [item for item in open_items if item.kind == CASE_KIND], story
                continue
            assert len(open_items) <= 1, story
            assert case.item_id == (open_items[0].id if open_items else ""), story
            if kind in OVER:
                assert not [item for item in open_items if item.created_ms <= case.closed_ms], story
                continue
            for item in open_items:
                holder = [login for login in LOGINS if item.id in held[login]]
                if item.state is WorkState.ACTIVE:
                    assert [house.users[login] for login in holder] == [case.owner_id] == [item.agent_id], story
                else:
                    assert not holder, story
                assert (item.state is WorkState.PARKED) <= (kind.value == "waiting"), story


async def play(url: str, address: str, org: str, seed: int, length: int = 30) -> None:
    async with built(url, address, org) as house:
        await house.sign_in("ana", "ben")
        await History(house, seed).play(length)


@pytest.mark.parametrize("seed", range(5))
async def test_histories(seed: int, tmp_path: Path, valkey_address: str, org: str) -> None:
    await play(migrated_file(tmp_path / "record.db"), valkey_address, org, seed)


@pytest.mark.postgres
async def test_a_history_on_postgresql(postgres_module_dsn: str, valkey_address: str, org: str) -> None:
    await play(postgres_module_dsn, valkey_address, org, 100)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_100))
async def test_many_histories(seed: int, tmp_path: Path, valkey_address: str, org: str) -> None:
    await play(migrated_file(tmp_path / "record.db"), valkey_address, org, seed, length=60)
