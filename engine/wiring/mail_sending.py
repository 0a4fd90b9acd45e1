"""E-mail on its way out: who writes it, who sends it."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from engine.cases.quick_texts import QuickTexts
from engine.channels.email.relays import Relays
from engine.channels.email.secret_files import SecretFiles
from engine.channels.email.sender import MailSender, SenderParts
from engine.channels.email.source import Sources
from engine.channels.email.turns import Turns
from engine.channels.email.ways import WayParts, Ways
from engine.channels.email.writers import Pace
from engine.channels.email.writing import Writing
from engine.channels.email.writing_parts import Known, WritingParts
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.ids import NewId
from engine.model.conversation import Entry
from engine.settings import Settings
from engine.skills.merging import merge_known
from engine.store.blobs import Blobs
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook

SENT = "sent-mail"
"""Directory in the demo's data directory that keeps the mail which it would send."""
Told = Callable[[str, Sequence[Entry]], None]
"""Who hears of lines of an organisation's transcripts that were written."""


def told_by(transcript: Transcript) -> Told:
    """Return who tells consoles of lines that mail's own transactions wrote."""

    def told(org_id: str, entries: Sequence[Entry]) -> None:
        transcript.publish(entries, org_id=org_id)

    return told


class CustomersOfCases:
    """Say what is known of a case's customer, for mail to him."""

    def __init__(self, texts: QuickTexts) -> None:
        self._texts = texts

    async def of_case(self, org_id: str, case_id: str, *, agent_name: str) -> Known:
        """Return his name, main address and language, with what may be put into texts; raise NotFound."""
        contact, values = await self._texts.values(org_id, case_id, agent_name=agent_name)
        if contact is None:
            return Known(values=values)
        return Known(name=contact.name, email=contact.email, language=contact.language, values=values)


def writing_of(
    store: Store,
    book: OrganisationBook,
    texts: QuickTexts,
    clock: Clock,
    *,
    told: Told,
    wake: Callable[[], None],
    per_minute: int,
    new_id: NewId,
) -> Writing:
    """Build the service by which agents write mail; ``wake`` is called when there is something to send.

    ``per_minute``: recipients whom one author writes to.
    """
    return Writing(
        WritingParts(
            outgoing=store.outgoing,
            mails=store.mails,
            cases=store.cases,
            files=store.case_parts,
            addresses=store.mail_addresses,
            customers=CustomersOfCases(texts),
            organisations=book,
            secret=store.mail_secrets.secret,
            fill=merge_known,
            told=told,
            wake=wake,
            pace=Pace(per_minute=per_minute, clock=clock),
            clock=clock,
            new_id=new_id,
        )
    )


def mail_sender_of(
    settings: Settings,
    store: Store,
    book: OrganisationBook,
    blobs: Blobs,
    clock: Clock,
    *,
    told: Told,
    failed: Callable[[str, str], None],
) -> MailSender:
    """Build the role that sends; ``failed`` hears whose mail does not arrive: organisation and author."""
    secrets = SecretFiles(directory=settings.mail_secret_files)
    relays = Relays(
        timeout_s=settings.smtp_timeout_ms / 1000, connections=settings.mail_connections, name=settings.smtp_name
    )
    turns = Turns(at_once=settings.mail_per_domain, per_minute=settings.mail_rate_per_domain, clock=clock)
    return MailSender(
        SenderParts(
            outbox=store.outgoing,
            sources=Sources(blobs=blobs, outbox=store.outgoing, read_secret=secrets.read, clock=clock),
            relays=relays,
            turns=turns,
            ways=Ways(
                parts=WayParts(
                    blocked=store.outgoing_blocked,
                    organisations=book,
                    read_secret=secrets.read,
                    relay_url=settings.smtp_url or _demo_folder(settings),
                    away=relays.away,
                    clock=clock,
                )
            ),
            told=told,
            failed=failed,
            clock=clock,
            give_up_ms=settings.mail_give_up_ms,
        )
    )


def _demo_folder(settings: Settings) -> str:
    """Return where the demo keeps the mail that it would send, as a relay's address; "" for everybody else."""
    return f"folder://{quote(str(settings.data.absolute() / SENT))}" if settings.demo else ""
