"""Sections of e-mail channels to nouns, and what must fit in them."""

from __future__ import annotations

from engine.config.crosscheck import Checker
from engine.config.email_schema import AcknowledgementSection, EmailSection, MailboxSection
from engine.config.files import Place
from engine.config.schema import ChannelSection, Configuration
from engine.model.mail_channel import (
    Acknowledgement,
    ByNumber,
    Email,
    Late,
    MailboxSource,
    OAuth,
    Security,
    SeenMail,
    Signature,
    Writers,
)

KIND = "email"
PORTS = {"tls": 993, "starttls": 143, "none": 143}


def check_emails(configuration: Configuration, checker: Checker) -> None:
    """Check the e-mail channels: an address is of one channel only."""
    taken: dict[str, str] = {}
    for key, channel in configuration.channels.items():
        place = ("channels", key, "email")
        if channel.email is not None and channel.kind != KIND:
            checker.refuse(place, f"a channel of kind {channel.kind} has no addresses", mend="Use kind: email.")
        elif channel.kind == KIND and channel.email is None:
            mend = "Add the section, with at least its address."
            checker.refuse(("channels", key), "a channel of kind email needs a section email", mend=mend)
        elif channel.email is not None:
            _check_addresses(place, key, channel.email, taken, checker)
            _check_email(place, channel.email, configuration, checker)


def _check_addresses(place: Place, key: str, email: EmailSection, taken: dict[str, str], checker: Checker) -> None:
    for address in {one.lower() for one in (email.address, *email.aliases, *email.from_by_queue.values())}:
        other = taken.setdefault(address, key)
        if other != key:
            checker.refuse(place, f"{address} is the address of channel {other} already", mend="Give each its own.")


def _check_email(place: Place, email: EmailSection, configuration: Configuration, checker: Checker) -> None:
    for section in ("from_by_queue", "signature_by_queue"):
        for queue in getattr(email, section):
            checker.known((*place, section, queue), queue, configuration.queues, what="queue")
    for name, mailbox in email.mailboxes.items():
        where = (*place, "mailboxes", name)
        if (mailbox.after == "move") != bool(mailbox.move_to):
            checker.refuse((*where, "move_to"), "move_to belongs to after: move", mend="Give both, or neither.")
        if mailbox.move_to and mailbox.move_to in mailbox.folders:
            checker.refuse((*where, "move_to"), "mail would be moved to a folder that is taken", mend="Use another.")
    if bool(email.dkim_selector) != bool(email.dkim_secret):
        mend = "Give dkim_selector and dkim_secret, or neither."
        checker.refuse((*place, "dkim_selector"), "signing needs a selector and a key", mend=mend)


def compile_email(channel: ChannelSection) -> Email | None:
    """Return the e-mail side of a channel; None where it is of another kind."""
    section = channel.email
    if section is None or channel.kind != KIND:
        return None
    return Email(
        address=section.address,
        aliases=tuple(section.aliases),
        sender_name=section.sender_name or "",
        from_by_queue=dict(section.from_by_queue),
        writers=Writers(section.writers),
        signature=section.signature,
        signatures=_languages(section.signature),
        signature_by_queue={
            queue: Signature(text=text, languages=_languages(text))
            for queue, text in section.signature_by_queue.items()
        },
        formatted=section.formatted,
        quotes=section.quotes,
        shows_token=section.shows_token,
        undo_ms=section.undo,
        late=Late(section.late),
        late_ms=section.late_within,
        acknowledgement=_acknowledgement(section.acknowledgement),
        acknowledgements=_languages(section.acknowledgement.text) if section.acknowledgement else {},
        return_after_ms=section.return_after,
        forwarded=section.forwarded,
        keep_raw_ms=section.keep_source,
        keep_undecided_ms=section.keep_undecided,
        trusted_servers=tuple(one.lower() for one in section.trusted_servers),
        by_number=ByNumber(section.by_number),
        mailboxes=tuple(_mailbox(key, one) for key, one in section.mailboxes.items()),
        relay=section.relay,
        dkim_selector=section.dkim_selector,
        dkim_secret=section.dkim_secret,
    )


def _languages(text: object) -> dict[str, str]:
    return dict(getattr(text, "languages", {}))


def _acknowledgement(section: AcknowledgementSection | None) -> Acknowledgement | None:
    if section is None:
        return None
    subject = section.subject or ""
    return Acknowledgement(text=section.text, subject=subject, every_ms=section.every, most=section.most)


def _mailbox(key: str, section: MailboxSection) -> MailboxSource:
    oauth = section.oauth
    return MailboxSource(
        key=key,
        server=section.server,
        port=section.port or PORTS[section.security],
        security=Security(section.security),
        login=section.login,
        secret=section.secret,
        oauth=OAuth(**oauth.model_dump()) if oauth else None,
        folders=tuple(section.folders),
        after=SeenMail(section.after),
        move_to=section.move_to,
        poll_ms=section.poll,
        since_ms=section.since,
    )
