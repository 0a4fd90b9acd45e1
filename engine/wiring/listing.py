"""Lists of cases and saved views: the parts behind them, and those that choose cases by them."""

from dataclasses import dataclass

from engine.cases.jobs import Jobs
from engine.cases.lists import Lists
from engine.cases.views import Views
from engine.clock import Clock
from engine.ids import NewId
from engine.search.finder import Finder
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What lists, finds and chooses cases."""

    finder: Finder
    lists: Lists
    views: Views
    jobs: Jobs


def listing_of(store: Store, book: OrganisationBook, *, clock: Clock, new_id: NewId) -> Listing:
    """Build the parts once per process."""
    finder = Finder(index=store.search)
    lists = Lists(record=store.case_lists, texts=finder, organisations=book, clock=clock)
    return Listing(
        finder=finder,
        lists=lists,
        views=Views(record=store.views, organisations=book, clock=clock, new_id=new_id),
        jobs=Jobs(
            record=store.case_jobs, cases=store.cases, lists=lists, organisations=book, clock=clock, new_id=new_id
        ),
    )
