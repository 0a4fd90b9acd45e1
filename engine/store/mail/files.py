"""The files of received mails: every one has its row, and those that are no part of the text are named on the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, func, select

from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_parts import Attachment
from engine.model.mail_filing import MailOrder
from engine.model.mail_record import MailFile
from engine.store.cases.parts import MOST_ATTACHMENTS, name_file
from engine.store.cases.tables import attachments
from engine.store.conditions import HAS_CASE
from engine.store.direct import scalar
from engine.store.mail.tables import mail_files
from engine.store.upsert import change, insert_once

_NONE: Mapping[int, str] = MappingProxyType({})
_COUNT = select(func.count()).where(attachments.c.case_id == bindparam("case"), HAS_CASE)


def keep_files(conn: Connection, order: MailOrder, named: Mapping[int, str] = _NONE) -> None:
    """Write the rows of a mail's files, by which the blob store keeps them. Idempotent.

    ``named``: id of the attachment that a file became on its case, by its position.
    """
    for one in order.files:
        row = {
            "mail_id": order.mail_id,
            "position": one.position,
            "org_id": order.org_id,
            "sha256": one.sha256,
            "name": one.name,
            "media_type": one.media_type,
            "content_id": one.content_id,
            "attachment_id": named.get(one.position, ""),
            "size": one.size,
            "inline": int(one.inline),
        }
        if not insert_once(conn, mail_files, row) and row["attachment_id"]:  # it was held before
            of = {"mail_id": order.mail_id, "position": one.position}
            change(conn, mail_files, of, {"attachment_id": row["attachment_id"]})


def name_files(
    conn: Connection, order: MailOrder, case: Case, *, interaction_id: str, new: bool, new_id: NewId
) -> dict[int, str]:
    """Name a mail's files on its case, which is locked or new, as many as a case may have; the others stay the mail's.

    What is shown within the text is no file of the case: signatures have pictures. ``new``: the case has no files yet.
    Return the ids of the attachments by the files' positions.
    """
    shown = [one for one in order.files if one.position and not one.inline]
    if not shown:
        return {}
    room = MOST_ATTACHMENTS - (0 if new else int(scalar(conn, _COUNT, {"case": case.id})))
    named = dict[int, str]()
    for one in _within(shown, room):
        attachment = Attachment(
            id=new_id(),
            org_id=case.org_id,
            case_id=case.id,
            name=one.name or f"file-{one.position}",
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
            public=True,
            added_ms=order.now_ms,
        )
        name_file(conn, case, attachment, new_id=new_id, interaction_id=interaction_id)
        named[one.position] = attachment.id
    return named


def _within(files: Sequence[MailFile], room: int) -> Sequence[MailFile]:
    return files[: max(0, room)]
