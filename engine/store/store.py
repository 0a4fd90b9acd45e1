"""The record's facade: one attribute per group of methods, one transaction per method."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from engine.clock import Clock
from engine.errors import Unavailable
from engine.ids import NewId
from engine.store.access import Access
from engine.store.alerts import Alerts
from engine.store.arrivals import Arrivals
from engine.store.audit import Audit
from engine.store.bulk import Bulk
from engine.store.calls.calls import Calls
from engine.store.cases.activities import Activities
from engine.store.cases.approvals import Approvals
from engine.store.cases.cases import Cases
from engine.store.cases.effects import CaseEffects
from engine.store.cases.happenings import Happenings
from engine.store.cases.jobs import CaseJobs
from engine.store.cases.late_work import Escalations
from engine.store.cases.lists import CaseLists
from engine.store.cases.milestones import Milestones
from engine.store.cases.parts import CaseParts
from engine.store.cases.rule_firings import RuleFirings
from engine.store.cases.work import CaseItems
from engine.store.configuration import Configuration
from engine.store.connect import DRIVER_ERRORS, open_backend
from engine.store.conversations import Conversations
from engine.store.customers.accounts import Accounts
from engine.store.customers.addresses import Addresses
from engine.store.customers.contacts import Customers
from engine.store.customers.duplicates import Duplicates
from engine.store.customers.leads import Leads
from engine.store.customers.merges import Merges
from engine.store.customers.promises import Contracts, Entitlements
from engine.store.customers.relations import RelationsOfAccounts
from engine.store.customers.teams import Teams
from engine.store.customers.things import Assets, Orders
from engine.store.customers.view import View
from engine.store.deputies import Deputies
from engine.store.full_text.full_text import FullText
from engine.store.idempotency import Idempotency
from engine.store.mail.absent import AbsentAgents
from engine.store.mail.addresses import MailAddresses
from engine.store.mail.blocked import BlockedMail
from engine.store.mail.filing import MailFiling
from engine.store.mail.keeping import MailKeeping
from engine.store.mail.late import LateMailing
from engine.store.mail.mailboxes import Mailboxes
from engine.store.mail.mails import Mails
from engine.store.mail.outgoing import Outgoing
from engine.store.mail.secrets import MailSecrets
from engine.store.mail.threads import MailThreads
from engine.store.migrate import upgrade
from engine.store.parked import Parked
from engine.store.reader import Reader
from engine.store.retention import Retention
from engine.store.routing import Routing
from engine.store.sessions import Sessions
from engine.store.sights import Sights
from engine.store.submissions import Submissions
from engine.store.tokens import Tokens
from engine.store.told import Told
from engine.store.transcripts import Transcripts
from engine.store.transfer.exports import Exports
from engine.store.transfer.imports import Imports
from engine.store.users import Users
from engine.store.views import Views
from engine.store.webhooks import Webhooks
from engine.store.work import Work
from engine.store.writer import Observe, Writer

PROBE_S = 3.0


class Store:
    """Keep the record in the database at ``url``: ``sqlite:////path/to/file`` or ``postgresql://…``."""

    def __init__(self, *, url: str, clock: Clock, new_id: NewId, observe: Observe | None = None) -> None:
        """Prepare; nothing is opened yet. ``observe`` hears of every batch written, in the writing thread."""
        self._backend = open_backend(url)
        self._writer = Writer(backend=self._backend, observe=observe)
        self._reader = Reader(backend=self._backend)
        self._access = access = Access(writer=self._writer, reader=self._reader, clock=clock, new_id=new_id)
        self.arrivals = Arrivals(access=access)
        self.transcripts = Transcripts(access=access)
        self.conversations = Conversations(access=access)
        self.work = Work(access=access)
        self.parked = Parked(access=access)
        self.routing = Routing(access=access)
        self.told = Told(access=access)
        self.webhooks = Webhooks(access=access)
        self.retention = Retention(access=access)
        self.cases = Cases(access=access)
        self.case_lists = CaseLists(access=access)
        self.approvals = Approvals(access=access)
        self.deputies = Deputies(access=access)
        self.case_parts = CaseParts(access=access)
        self.escalations = Escalations(access=access)
        self.case_jobs = CaseJobs(access=access)
        self.rule_firings = RuleFirings(access=access)
        self.imports = Imports(access=access)
        self.milestones = Milestones(access=access)
        self.case_effects = CaseEffects(access=access)
        self.happenings = Happenings(access=access)
        self.case_items = CaseItems(access=access)
        self.activities = Activities(access=access)
        self.alerts = Alerts(access=access)
        self._place_customers(access)
        self.bulk = Bulk(access=access)
        self.view = View(access=access)
        self.views = Views(access=access)
        self.search = FullText(access=access)
        self.sights = Sights(access=access)
        self.submissions = Submissions(access=access)
        self.calls = Calls(access=access)
        self._place_mail(access)
        self.users = Users(access=access)
        self.sessions = Sessions(access=access)
        self.tokens = Tokens(access=access)
        self.configuration = Configuration(access=access)
        self.idempotency = Idempotency(access=access)
        self.audit = Audit(access=access)

    def _place_mail(self, access: Access) -> None:
        """Place the repositories of mail."""
        self.mails = Mails(access=access)
        self.mail_filing = MailFiling(access=access)
        self.late_mail = LateMailing(access=access)
        self.mail_keeping = MailKeeping(access=access)
        self.absent_agents = AbsentAgents(access=access)
        self.mail_threads = MailThreads(access=access)
        self.mail_secrets = MailSecrets(access=access)
        self.outgoing = Outgoing(access=access)
        self.outgoing_blocked = BlockedMail(access=access)
        self.mail_addresses = MailAddresses(access=access)
        self.mailboxes = Mailboxes(access=access)

    def _place_customers(self, access: Access) -> None:
        """Place the repositories of customers and of what they have."""
        self.customers = Customers(access=access)
        self.addresses = Addresses(access=access)
        self.duplicates = Duplicates(access=access)
        self.accounts = Accounts(access=access)
        self.relations = RelationsOfAccounts(access=access)
        self.teams = Teams(access=access)
        self.merges = Merges(access=access)
        self.assets = Assets(access=access)
        self.orders = Orders(access=access)
        self.contracts = Contracts(access=access)
        self.entitlements = Entitlements(access=access)
        self.exports = Exports(access=access)
        self.leads = Leads(access=access)

    async def start(self) -> None:
        """Bring the schema up to date (under a lock) and start the threads; raise Unavailable when it cannot."""
        try:
            await asyncio.to_thread(upgrade, self._backend)
        except DRIVER_ERRORS as error:
            raise Unavailable(
                f"the database cannot be opened: {getattr(error, 'orig', None) or error}",
                slug="store-unavailable",
                mend="Check the database address, and that its directory can be written to.",
            ) from error
        self._writer.start()
        self._reader.start()

    async def stop(self) -> None:
        """Finish what was begun, end the threads, close the database. Safe to call twice."""
        await self._writer.stop()
        await self._reader.stop()
        self._backend.dispose()

    async def probe(self) -> None:
        """Return when the database answers, for reading and for writing; raise Unavailable when it does not."""
        try:
            async with asyncio.timeout(PROBE_S):
                await self._access.read(lambda conn: conn.execute(select(1)).scalar())
                await self._access.write("", lambda conn: conn.execute(select(1)).scalar())
        except TimeoutError as error:
            raise Unavailable("the database does not answer", slug="store-unavailable") from error
