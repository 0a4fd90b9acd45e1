"""The role that does the effects of cases, with what each kind of them needs."""

from collections.abc import Mapping

from engine.agents.floor import Floor
from engine.cases.effects import Effects, Handler
from engine.cases.mail import SmtpMailer
from engine.cases.telling import ConsoleTelling, EmailTelling, WebhookTelling, Whom
from engine.clock import Clock
from engine.events.named import NamedPost
from engine.events.secret_files import SecretFiles
from engine.model.casework import EffectKind
from engine.model.relay import relay_of
from engine.settings import Settings
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook


def effects_of(
    settings: Settings,
    store: Store,
    book: OrganisationBook,
    clock: Clock,
    *,
    floor: Floor,
    work: Mapping[EffectKind, Handler],
) -> Effects:
    """Build the role; ``work`` handles what goes to the board. Raises InvalidInput on a mail relay that is none."""
    mailer = SmtpMailer(
        relay=relay_of(settings.smtp_url), sender=settings.smtp_from, timeout_s=settings.smtp_timeout_ms / 1000
    )
    posts = NamedPost(
        hooks=store.webhooks,
        secrets=SecretFiles(directory=settings.webhook_secret_files),
        clock=clock,
        private=settings.webhook_private,
    )
    outbox = store.case_effects
    whom = Whom(record=outbox, organisations=book, sights=store.sights)
    return Effects(
        outbox=outbox,
        handlers={
            EffectKind.CONSOLE: ConsoleTelling(record=outbox, whom=whom, clock=clock, wake=floor.ring),
            EffectKind.EMAIL: EmailTelling(whom=whom, organisations=book, mailer=mailer),
            EffectKind.WEBHOOK: WebhookTelling(posts=posts),
            **work,
        },
        clock=clock,
        failed=floor.ring,
    )
