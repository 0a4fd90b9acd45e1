"""Web forms: the channel, and what is handed to it."""

from collections.abc import Callable

from engine.cases.attachments import checked_type
from engine.channels.form.captcha import CaptchaProvider
from engine.channels.form.channel import FormChannel
from engine.channels.form.parse import Checks
from engine.channels.form.parts import Parts
from engine.channels.form.settings import FormSettings
from engine.clock import Clock
from engine.customers.addresses import phone_key
from engine.ids import NewId
from engine.intake.reception import Reception
from engine.settings import Settings
from engine.skills.custom_fields import merged
from engine.store.blobs import Blobs
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook


def forms_of(
    *,
    settings: Settings,
    store: Store,
    book: OrganisationBook,
    reception: Reception,
    blobs: Blobs,
    count: Callable[[str, str], None],
    clock: Clock,
    new_id: NewId,
) -> FormChannel:
    """Build the form channel."""
    parts = Parts(
        organisations=book,
        reception=reception,
        submissions=store.submissions,
        blobs=blobs,
        captcha=CaptchaProvider(secrets=settings.captcha_secret_files),
        checks=Checks(phone_key=phone_key, custom=merged),
        media_type=checked_type,
        count=count,
    )
    return FormChannel(parts=parts, clock=clock, new_id=new_id, settings=FormSettings())
