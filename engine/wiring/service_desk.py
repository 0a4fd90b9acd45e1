"""Customers and cases: the stages behind the service desk, built once per process."""

import asyncio
from collections.abc import Callable, Sequence

from engine.agents.floor import Floor
from engine.api.metrics import Metrics
from engine.api.service import ServiceParts
from engine.cases.activities import Activities, Reminders
from engine.cases.approval_desk import ApprovalDesk
from engine.cases.assigning import Assigning
from engine.cases.attachments import Attachments
from engine.cases.clerk import Clerk
from engine.cases.deputies import DeputyBook
from engine.cases.escalate import Escalator
from engine.cases.happenings import Happenings
from engine.cases.lifecycle import Cases
from engine.cases.macros import Macros
from engine.cases.merging import CaseMerges
from engine.cases.orphans import OrphanSweep
from engine.cases.presence import CasePresence, Commands
from engine.cases.quick_texts import QuickTexts
from engine.cases.reckoning import Reckoning
from engine.cases.rulebook import Rulebook
from engine.cases.sweep import CaseSweeper
from engine.channels.email.imap.overview import PolledMailboxes
from engine.channels.email.sender import MailSender
from engine.channels.email.shown import Shown
from engine.channels.form.channel import FormChannel
from engine.clock import Clock
from engine.config.candidate import read_candidate
from engine.conversations.hub import Hub
from engine.conversations.transcript import Transcript
from engine.customers.accounts import Accounts
from engine.customers.contacts import Contacts
from engine.customers.leads import Leads
from engine.customers.moving import MergeMover
from engine.customers.relations import Relations
from engine.customers.service import Service
from engine.ids import NewId
from engine.intake.reception import Reception
from engine.loops import Role
from engine.router.router import Router
from engine.search.finder import Finder
from engine.search.indexer import SearchIndexer
from engine.settings import Settings
from engine.store.blobs import Blobs
from engine.store.store import Store
from engine.wiring.case_effects import effects_of
from engine.wiring.case_work import case_work_of
from engine.wiring.forms import forms_of
from engine.wiring.leased import Leases
from engine.wiring.listing import listing_of
from engine.wiring.mail import MailRoom
from engine.wiring.mail_reception import MailReception
from engine.wiring.mail_sending import mail_sender_of, told_by, writing_of
from engine.wiring.mailboxes import Mailboxes, mailboxes_of
from engine.wiring.organisations import OrganisationBook
from engine.wiring.other_systems import OtherSystems
from engine.wiring.transfer import Transfer


class ServiceDesk:
    """Hold the stages that keep customers and cases."""

    def __init__(
        self, *, settings: Settings, store: Store, book: OrganisationBook, clock: Clock, new_id: NewId
    ) -> None:
        self._settings = settings
        self._store = store
        self._book = book
        self._clock = clock
        self._new_id = new_id
        self._sender: MailSender | None = None
        self.activities = Activities(record=store.activities, clock=clock, new_id=new_id)
        self.assigning = Assigning(record=store.cases, organisations=book, clock=clock, new_id=new_id)
        self._blobs = Blobs(directory=settings.data / "attachments", new_id=new_id)
        self.mail = MailReception(settings, store, book, blobs=self._blobs, clock=clock, new_id=new_id)
        self.attachments = Attachments(
            blobs=self._blobs, cases=store.cases, rows=store.case_parts, clock=clock, new_id=new_id
        )
        self.cases = Cases(record=store.cases, organisations=book, clock=clock, new_id=new_id)
        self.case_merges = CaseMerges(record=store.merges, organisations=book, clock=clock, new_id=new_id)
        self.happenings = Happenings(record=store.happenings, organisations=book, clock=clock)
        self.macros = Macros(record=store.cases, organisations=book, clock=clock, new_id=new_id)
        self.listing = listing_of(store, book, clock=clock, new_id=new_id)
        self.transfer = Transfer(settings, store, book, clock=clock, new_id=new_id)
        self.quick_texts = QuickTexts(
            cases=store.cases,
            conversations=store.conversations,
            contacts=store.customers,
            organisations=book,
            clock=clock,
        )
        self.contacts, self.accounts = _customers(store, book, self.listing.finder, clock=clock, new_id=new_id)
        self.relations = Relations(record=store.relations, organisations=book, clock=clock, new_id=new_id)
        self.leads = Leads(record=store.leads, organisations=book, clock=clock, new_id=new_id)
        self.things = Service(
            assets=store.assets,
            orders=store.orders,
            contracts=store.contracts,
            entitlements=store.entitlements,
            organisations=book,
            clock=clock,
            new_id=new_id,
        )

    def join(self, hub: Hub, floor: Floor, transcript: Transcript, wake: Callable[[str], None]) -> None:
        """Let consoles in every process see how jobs get on, and the process that does them hear of new ones."""
        self.listing.jobs.told = floor.job_moved
        hub.hear(self.listing.jobs.hear)
        self._told = told_by(transcript)
        self.writing = writing_of(
            self._store,
            self._book,
            self.quick_texts,
            self._clock,
            told=self._told,
            wake=lambda: wake(MailSender.name),
            per_minute=self._settings.mail_rate_per_author,
            new_id=self._new_id,
        )

    def parts(self, commands: Commands) -> ServiceParts:
        """Return what the service desk's routes need."""
        return ServiceParts(
            activities=self.activities,
            approvals=self._approvals(),
            deputies=DeputyBook(record=self._store.deputies, clock=self._clock, new_id=self._new_id),
            assigning=self.assigning,
            cases=self.cases,
            case_merges=self.case_merges,
            case_parts=self._store.case_parts,
            attachments=self.attachments,
            presence=CasePresence(commands=commands),
            happenings=self.happenings,
            macros=self.macros,
            jobs=self.listing.jobs,
            imports=self.transfer.imports,
            exporter=self.transfer.exporter,
            quick_texts=self.quick_texts,
            rulebook=self._rulebook(),
            case_reader=self._store.cases,
            lists=self.listing.lists,
            views=self.listing.views,
            milestones=self._store.milestones,
            customers=self._store.customers,
            contacts=self.contacts,
            accounts=self.accounts,
            relations=self.relations,
            teams=self._store.teams,
            merges=self._store.merges,
            things=self.things,
            leads=self.leads,
            view=self._store.view,
            finder=self.listing.finder,
            mailboxes=PolledMailboxes(organisations=self._book, record=self._store.mailboxes),
            outgoing_blocked=self._store.outgoing_blocked,
            mails=Shown(record=self._store.mails, files=self._blobs),
            held_mails=self.mail_room.held,
            writing=self.writing,
            sights=self._store.sights,
        )

    def _rulebook(self) -> Rulebook:
        return Rulebook(
            cases=self._store.cases,
            firings=self._store.rule_firings,
            reader=read_candidate,
            organisations=self._book,
            clock=self._clock,
            new_id=self._new_id,
        )

    def _approvals(self) -> ApprovalDesk:
        store = self._store
        return ApprovalDesk(
            record=store.approvals,
            cases=store.cases,
            users=store.users,
            organisations=self._book,
            clock=self._clock,
            new_id=self._new_id,
        )

    def take_mail(self, reception: Reception, transcript: Transcript, metrics: Metrics) -> None:
        """Build what works on received mail, whose files lie where those of cases do."""
        self.mail_room = MailRoom(
            settings=self._settings,
            store=self._store,
            book=self._book,
            blobs=self._blobs,
            reception=reception,
            transcript=transcript,
            count=metrics.filed,
            clock=self._clock,
            new_id=self._new_id,
        )

    async def wind_down(self) -> None:
        """Let mails that are on their way in or out finish, and begin no more. Safe to call twice."""
        going = self._sender.wind_down(self._settings.drain_ms / 1000) if self._sender else asyncio.sleep(0)
        await asyncio.gather(self.mail.stop(), going)

    def mailboxes(self, leases: Leases, metrics: Metrics) -> Mailboxes:
        """Build the role that has mailboxes polled."""
        return mailboxes_of(
            self._settings,
            self._store,
            self._book,
            inlet=self.mail.inlet,
            leases=leases,
            metrics=metrics,
            clock=self._clock,
        )

    def forms(self, reception: Reception, metrics: Metrics) -> FormChannel:
        """Build the web forms, whose files lie where those of cases do."""
        return forms_of(
            settings=self._settings,
            store=self._store,
            book=self._book,
            reception=reception,
            blobs=self._blobs,
            count=metrics.submission,
            clock=self._clock,
            new_id=self._new_id,
        )

    def work_roles(self, router: Router, metrics: Metrics, floor: Floor, others: OtherSystems) -> Sequence[Role]:
        """Build the roles of which one process plays each: escalate late work, file conversations, see to cases."""
        store, book, clock = self._store, self._book, self._clock
        clerk = Clerk(record=store.cases, organisations=book, clock=clock, new_id=self._new_id)
        work = case_work_of(store, router, others, clock=clock, new_id=self._new_id)
        metrics.watch("case_lag_seconds", "How long the oldest case of the last round waited for it.", clerk.lag_s)
        indexer = SearchIndexer(index=store.search, clock=clock)
        self._sender = mail_sender_of(
            self._settings, store, book, self._blobs, clock, told=self._told, failed=floor.ring
        )
        metrics.watch("search_lag_seconds", "How late the last texts came into the search index.", indexer.lag_s)
        return (
            clerk,
            indexer,
            *self.mail_room.roles(),
            self._sender,
            self.listing.jobs,
            self.transfer.importer,
            Reckoning(record=store.milestones, organisations=book, clock=clock),
            MergeMover(record=store.merges, organisations=book, clock=clock),
            effects_of(self._settings, store, book, clock, floor=floor, work=work),
            Reminders(record=store.activities, organisations=book, clock=clock, told=floor.ring),
            Escalator(record=store.escalations, priorities=router, organisations=book, clock=clock),
            OrphanSweep(blobs=self._blobs, record=store.case_parts),
            CaseSweeper(record=store.cases, cases=self.cases, organisations=book, clock=clock),
        )


def _customers(
    store: Store, book: OrganisationBook, finder: Finder, *, clock: Clock, new_id: NewId
) -> tuple[Contacts, Accounts]:
    """Build what keeps contacts and accounts."""
    contacts = Contacts(
        record=store.customers,
        addresses=store.addresses,
        duplicates=store.duplicates,
        texts=finder,
        organisations=book,
        clock=clock,
        new_id=new_id,
    )
    accounts = Accounts(
        record=store.accounts,
        duplicates=store.duplicates,
        texts=finder,
        organisations=book,
        clock=clock,
        new_id=new_id,
    )
    return contacts, accounts
