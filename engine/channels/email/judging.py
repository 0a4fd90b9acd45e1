"""What is to become of a mail that was read: who wrote it, where it belongs, what work it is. Pure.

In this order: its nature (``robots``), the clues it has (``joining``), the case that they name and whether its sender
takes part in it, what it says as an entry, which queue and skills that asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.channels.email import tokens
from engine.channels.email.authenticity import authenticity, disproved
from engine.channels.email.joining import Candidate, Clue, bare_subject, clues, join
from engine.channels.email.language import language_of
from engine.channels.email.robots import Circumstances, nature
from engine.model.case_setup import Filing
from engine.model.casework import Decide
from engine.model.mail import MailBody, Mailbox, MailNature, Nature, ParsedMail, ThreadMatch
from engine.model.mail_channel import Email
from engine.model.mail_filing import Acknowledging, Joining, MailOrder, Sought, Threads
from engine.model.mail_record import MailFile, MailState, MailSummary, ReceivedMail, Source
from engine.model.organisation import Channel, Organisation
from engine.model.work import Plan

LONGEST_ENTRY = 100_000
"""Characters of an entry; the whole is kept with the mail."""
LONGEST_QUOTED = 200_000
LONGEST_SUBJECT = 200
MOST_REFERENCES = 100
MOST_NAMED = 500
"""Recipients that a summary names."""
ARRIVED_FOR = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
"""Headers in which mail servers write whom a mail was for, where nothing else says so."""


Classify = Callable[[Organisation, str, str, str, str], Plan]
"""Say which queue and skills an arrival asks for: channel, topic, locale, text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a mail came in."""

    organisation: Organisation
    channel: Channel
    email: Email
    own: frozenset[str]  # addresses of ours, lower case
    colleagues: frozenset[str]  # of people who work here, lower case
    filing: Filing
    classify: Classify
    reopen: Decide | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What a mail is, and where it belongs."""

    nature: Nature
    known: Circumstances
    match: ThreadMatch | None = None


def place_of(
    organisation: Organisation, channel: Channel, *, classify: Classify, reopen: Decide | None = None
) -> Place:
    """Return where a mail came in. KeyError: the channel has no mail."""
    if channel.email is None:
        raise KeyError(channel.key)
    emails = [one.email for one in organisation.channels.values() if one.email is not None]
    agents = organisation.agents.values()
    colleagues = {one.email.lower() for one in agents if one.email} | {one.login.lower() for one in agents}
    return Place(
        organisation=organisation,
        channel=channel,
        email=channel.email,
        own=frozenset(address for email in emails for address in email.addresses),
        colleagues=frozenset(one for one in colleagues if "@" in one),
        filing=organisation.filing,
        classify=classify,
        reopen=reopen,
    )


def clues_of(mail: ParsedMail, received: ReceivedMail, read: Callable[[str], str]) -> tuple[Clue, ...]:
    """Return what may name the case of a mail, strongest first; ``read``: the case of a token."""
    named = (*(one.email for one in (*mail.to, *mail.cc)), *(value for name in ARRIVED_FOR for value in mail.all(name)))
    return tuple(clues(mail, (*received.envelope.recipients, *named), read))


def sought_of(found: Sequence[Clue], mail: ParsedMail) -> Sought:
    """Return what is to be looked up for a mail."""
    return Sought(
        case_ids=tuple(dict.fromkeys(one.case_id for one in found if one.case_id)),
        message_ids=tuple(dict.fromkeys(one.message_id for one in found if one.message_id)),
        numbers=tuple(dict.fromkeys(one.number for one in found if one.number)),
        own_id=mail.message_id,
    )


def judge(mail: ParsedMail, received: ReceivedMail, place: Place, found: Sequence[Clue], threads: Threads) -> Judged:
    """Say what a mail is, and which case it belongs to."""
    proven = authenticity(mail, place.email.trusted_servers)
    known = Circumstances(
        own=place.own,
        own_id=mail.message_id in threads.sent,
        null_sender=_null_sender(mail, received),
        forged=disproved(proven),
    )
    return Judged(
        nature=nature(mail, known),
        known=known,
        match=join(candidates_of(found, threads), mail, proven, by_number=place.email.by_number),
    )


def candidates_of(found: Sequence[Clue], threads: Threads) -> list[tuple[Clue, Candidate]]:
    """Return the clues that name a case which is there, each with it."""
    candidates = []
    for one in found:
        case_id = (
            threads.by_id.get(one.case_id)
            or threads.by_message.get(one.message_id)
            or threads.by_number.get(one.number)
        )
        if case_id:
            takers = threads.takers[case_id]
            candidate = Candidate(case_id=case_id, participants=takers.addresses, domains=takers.domains)
            candidates.append((one, candidate))
    return candidates


def summary_of(mail: ParsedMail, body: MailBody, place: Place, judged: Judged, *, html_sha256: str = "") -> MailSummary:
    """Return what the record keeps of a mail."""
    references = dict.fromkeys((*mail.references, *mail.in_reply_to))
    return MailSummary(
        subject=mail.subject[:1_000],
        sender=mail.sender,
        reply_to=mail.reply_to[:10],
        to=mail.to[:MOST_NAMED],
        cc=mail.cc[:MOST_NAMED],
        message_id=mail.message_id,
        references=tuple(references)[-MOST_REFERENCES:],
        date_ms=mail.date_ms,
        body=replace(body, quoted=body.quoted[:LONGEST_QUOTED]),
        language=language_of(mail.header("content-language"), f"{bare_subject(mail.subject)}\n{said(body)}"),
        parts=mail.parts,
        html_sha256=html_sha256,
        invitation=mail.invitation,
        authenticity=authenticity(mail, place.email.trusted_servers),
        failed=judged.nature.failed,
        about=judged.nature.about,
        faults=mail.faults,
    )


def order_of(
    received: ReceivedMail,
    place: Place,
    judged: Judged,
    summary: MailSummary,
    files: tuple[MailFile, ...],
    *,
    acknowledging: Acknowledging | None = None,
    now_ms: int,
) -> MailOrder:
    """Return what is to be done with a mail that was just read."""
    match = judged.match
    if judged.nature.kind is not MailNature.PERSON:
        state, reason = MailState.SIGNAL, judged.nature.why
        match = None if match is not None and match.held else match
    elif match is not None and match.held:
        state, reason = MailState.HELD, match.held
    else:
        state, reason = MailState.FILED, match.why if match else ""
    joining = None
    if match is not None:
        joining = Joining(case_id=match.case_id, clue=match.clue.value, confidence=match.confidence, why=match.why)
    order = filed_order(received, place, summary, files, joining=joining, nature=judged.nature.kind, now_ms=now_ms)
    return replace(
        order,
        state=state,
        reason=reason[:300],
        failed=judged.nature.failed,
        about=judged.nature.about,
        acknowledging=acknowledging if state is MailState.FILED else None,
    )


def filed_order(
    received: ReceivedMail,
    place: Place,
    summary: MailSummary,
    files: tuple[MailFile, ...],
    *,
    joining: Joining | None,
    nature: MailNature,
    now_ms: int,
) -> MailOrder:
    """Return the order that files a mail, into a case of its own or the one it joins."""
    text = said(summary.body)
    return MailOrder(
        org_id=received.envelope.org_id,
        mail_id=received.id,
        channel=place.channel.key,
        kind=place.channel.kind,
        state=MailState.FILED,
        of=received.state,
        summary=summary,
        nature=nature,
        files=files,
        writer=writer_of(summary, place),
        text=(text or summary.subject)[:LONGEST_ENTRY],
        data=_data(received, summary, files, place),
        language=summary.language,
        subject=(bare_subject(summary.subject) or text.strip().partition("\n")[0] or place.channel.name)[
            :LONGEST_SUBJECT
        ],
        joining=joining,
        plan=_plan(place, summary, text),
        filing=place.filing,
        late=place.email.late,
        late_ms=place.email.late_ms,
        reopen=place.reopen,
        now_ms=now_ms,
    )


def writer_of(summary: MailSummary, place: Place) -> Mailbox | None:
    """Return whose mail it is: its sender's; his whose mail one of us passed on; his for whom a form of ours wrote."""
    sender = summary.sender
    if sender is None:
        return None
    forwarded = summary.body.forwarded
    if place.email.forwarded and sender.email.lower() in place.colleagues and forwarded and forwarded.sender:
        return forwarded.sender if "@" in forwarded.sender.email else sender
    if sender.email.lower() in place.own and summary.reply_to:
        return summary.reply_to[0]
    return sender


def said(body: MailBody) -> str:
    """Return what is new in a mail: what was written now, and what was passed on with it."""
    passed_on = body.forwarded.text if body.forwarded is not None else ""
    return "\n\n".join(part.strip() for part in (body.new, passed_on) if part.strip())


def _plan(place: Place, summary: MailSummary, text: str) -> Plan:
    words = f"{bare_subject(summary.subject)}\n{text}"
    locale = summary.language or place.organisation.locale
    return place.classify(place.organisation, place.channel.key, "", locale, words)


def _data(
    received: ReceivedMail, summary: MailSummary, files: Sequence[MailFile], place: Place
) -> Mapping[str, object]:
    """Return what the console needs to show the entry without asking for the mail."""
    writer = writer_of(summary, place)
    passed_on_by = summary.sender.email if summary.sender and writer is not summary.sender else ""
    results = {name: getattr(summary.authenticity, name) for name in ("spf", "dkim", "dmarc")}
    return {
        "mail_id": received.id,
        "subject": summary.subject[:500],
        "from": writer.email if writer else "",
        "files": sum(1 for one in files if one.position and not one.inline),
        "html": bool(summary.html_sha256),
        "quoted": bool(summary.body.quoted),
        **({"passed_on_by": passed_on_by} if passed_on_by else {}),
        **{name: result for name, result in results.items() if result},
        **({"cut": True} if len(said(summary.body)) > LONGEST_ENTRY else {}),
    }


def _null_sender(mail: ParsedMail, received: ReceivedMail) -> bool:
    """Say whether the envelope names nobody; a mailbox's mail has it in a header that its server wrote."""
    if received.envelope.source is Source.IMAP:
        return mail.header("return-path").strip() == "<>"
    return not received.envelope.sender


def own_tokens(secret: bytes, org_id: str) -> Callable[[str], str]:
    """Return the function that tells the case of a token, "" for one that we did not make."""
    return lambda token: tokens.case_of((secret,), org_id, token)
