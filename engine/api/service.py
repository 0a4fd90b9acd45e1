"""What the routes of the service desk need: customers and cases."""

from dataclasses import dataclass

from engine.api.guard import Sights
from engine.api.milestones import MilestoneReader
from engine.api.ports import CaseReader, Customers
from engine.api.service_ports import BlockedChannels, CasePartsReader, CustomerViews
from engine.cases.activities import Activities
from engine.cases.approval_desk import ApprovalDesk
from engine.cases.assigning import Assigning
from engine.cases.attachments import Attachments
from engine.cases.deputies import DeputyBook
from engine.cases.happenings import Happenings
from engine.cases.jobs import Jobs
from engine.cases.lifecycle import Cases
from engine.cases.lists import Lists
from engine.cases.macros import Macros
from engine.cases.merging import CaseMerges
from engine.cases.presence import CasePresence
from engine.cases.quick_texts import QuickTexts
from engine.cases.rulebook import Rulebook
from engine.cases.views import Views
from engine.channels.email.held import HeldMails
from engine.channels.email.imap.overview import PolledMailboxes
from engine.channels.email.shown import Shown
from engine.channels.email.writing import Writing
from engine.customers.accounts import Accounts
from engine.customers.contacts import Contacts
from engine.customers.contract import Merges, Teams
from engine.customers.leads import Leads
from engine.customers.relations import Relations
from engine.customers.service import Service
from engine.search.finder import Finder
from engine.transfer.exporting import Exporter
from engine.transfer.imports import Imports


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceParts:
    """The parts behind the routes of customers and cases."""

    activities: Activities
    approvals: ApprovalDesk
    deputies: DeputyBook
    assigning: Assigning
    cases: Cases
    case_merges: CaseMerges
    case_parts: CasePartsReader
    attachments: Attachments
    presence: CasePresence
    happenings: Happenings
    macros: Macros
    jobs: Jobs
    quick_texts: QuickTexts
    rulebook: Rulebook
    case_reader: CaseReader
    lists: Lists
    views: Views
    milestones: MilestoneReader
    customers: Customers
    contacts: Contacts
    accounts: Accounts
    relations: Relations
    teams: Teams
    merges: Merges
    things: Service
    leads: Leads
    imports: Imports
    exporter: Exporter
    view: CustomerViews
    finder: Finder
    mails: Shown
    held_mails: HeldMails
    writing: Writing
    mailboxes: PolledMailboxes
    outgoing_blocked: BlockedChannels
    sights: Sights
