"""How far polled mailboxes are taken, and what is wrong with them."""

from dataclasses import replace

from engine.model.polled_folder import FolderKey, PolledFolder
from engine.store.store import Store


def place(org: str, folder: str = "INBOX") -> FolderKey:
    return FolderKey(org, "mail", "support", folder)


async def test_numbers_never_go_back_under_one_validity(store: Store, org: str) -> None:
    folder = PolledFolder(key=place(org), uid_validity=7, last_uid=20, first_uid=5, first_ms=1_000)
    await store.mailboxes.advance(folder)
    await store.mailboxes.advance(replace(folder, last_uid=10))
    assert await store.mailboxes.folders(place(org, "")) == {"INBOX": folder}
    await store.mailboxes.advance(replace(folder, uid_validity=8, last_uid=0, first_ms=9_000))
    known = (await store.mailboxes.folders(place(org, "")))["INBOX"]
    assert (known.uid_validity, known.last_uid, known.first_ms) == (8, 0, 1_000)


async def test_a_fault_is_told_once_until_it_is_mended(store: Store, org: str) -> None:
    async def fail(fault: str, *, tell: bool = True) -> None:
        await store.mailboxes.faulty(place(org), fault=fault, detail="no!", now_ms=2_000, tell=tell)

    async def told() -> list[object]:
        return [one.data["fault"] for one in reversed(await store.alerts.list(org)) if one.kind == "mailbox-fault"]

    await fail("unreachable", tell=False)
    assert await told() == []
    await fail("unreachable")
    await fail("unreachable")
    assert await told() == ["unreachable"]
    await fail("refused")
    assert await told() == ["unreachable", "refused"]
    (folder,) = await store.mailboxes.list(org)
    assert (folder.fault, folder.detail, folder.fault_ms) == ("refused", "no!", 2_000)
    await store.mailboxes.polled(place(org), now_ms=3_000)
    (folder,) = await store.mailboxes.list(org)
    assert (folder.fault, folder.detail, folder.fault_ms, folder.polled_ms) == ("", "", 0, 3_000)
    await fail("refused")
    assert await told() == ["unreachable", "refused", "refused"]


async def test_a_mail_that_is_left_is_told(store: Store, org: str) -> None:
    await store.mailboxes.left(place(org), uid=9, reason="too-large", now_ms=1_000)
    (alert,) = await store.alerts.list(org)
    assert alert.kind == "mail-left"
    assert alert.data == {
        "channel": "mail", "mailbox": "support", "folder": "INBOX", "uid": 9, "reason": "too-large",
    }  # fmt: skip


async def test_mailboxes_are_each_organisations_own(store: Store, org: str) -> None:
    await store.mailboxes.polled(place(org), now_ms=1_000)
    assert await store.mailboxes.list(f"{org}-other") == []
    assert await store.mailboxes.folders(place(f"{org}-other")) == {}
