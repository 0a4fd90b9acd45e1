"""A mail joins the conversation it belongs to, and only if its sender takes part in it."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email import tokens
from engine.channels.email.authenticity import authenticity, disproved, proven
from engine.channels.email.joining import Candidate, Clue, bare_subject, clues, join, numbers
from engine.model.mail import Authenticity, Mailbox, ParsedMail, ThreadClue, ThreadMatch
from engine.model.mail_channel import ByNumber

SECRET, OLDER = b"s" * 32, b"o" * 32
CASE = "0197a000-0000-7000-8000-000000000001"
OTHER = "0197a000-0000-7000-8000-000000000002"
TOKEN = tokens.token_of(SECRET, "tea", CASE)
CASES = {
    CASE: Candidate(case_id=CASE, participants=frozenset({"ana@shop.example"}), domains=frozenset({"shop.example"})),
    OTHER: Candidate(case_id=OTHER, participants=frozenset({"bo@else.example"})),
}
KNOWN = {"first@tea.example": CASE, "second@tea.example": OTHER}
PROVEN = Authenticity(dmarc="pass", by="mx.tea.example")
NUMBERED = {1001: CASE, 1002: OTHER}


def read(token: str) -> str:
    return tokens.case_of((SECRET, OLDER), "tea", token)


def found(mail: ParsedMail, *addresses: str) -> list[tuple[Clue, Candidate]]:
    """Return clues with what the record has for them."""
    named = (
        (one, one.case_id or KNOWN.get(one.message_id, "") or NUMBERED.get(one.number, ""))
        for one in clues(mail, addresses, read)
    )
    return [(one, CASES[case_id]) for one, case_id in named if case_id in CASES]


def joined(
    mail: ParsedMail,
    *addresses: str,
    result: Authenticity | None = None,
    by_number: ByNumber = ByNumber.PROVEN,
) -> ThreadMatch | None:
    return join(found(mail, *addresses), mail, result or Authenticity(), by_number=by_number)


def mail(sender: str = "Ana@shop.example", **said: object) -> ParsedMail:
    return ParsedMail(sender=Mailbox(email=sender), **said)  # type: ignore[arg-type] # the test's own words


BY_EACH = [
    (mail(), (f"help+c{TOKEN}@tea.example",), ThreadClue.TOKEN, 100),
    (mail(), (f"HELP+C{TOKEN.upper()}@tea.example",), ThreadClue.TOKEN, 100),
    (mail(in_reply_to=(f"c{TOKEN}.77@tea.example",)), (), ThreadClue.TOKEN, 98),
    (mail(in_reply_to=("first@tea.example",)), (), ThreadClue.REPLY, 95),
    (mail(references=("first@tea.example", "unknown@x")), (), ThreadClue.REPLY, 90),
    (mail(text=f"thanks\n> {tokens.marker(TOKEN)}"), (), ThreadClue.MARKER, 85),
    (mail(subject="Re: [#1001] Kettle"), (), ThreadClue.NUMBER, 60),
]


@pytest.mark.parametrize(("one", "addresses", "clue", "confidence"), BY_EACH)
def test_each_clue_alone_finds_the_case(
    one: ParsedMail, addresses: tuple[str, ...], clue: ThreadClue, confidence: int
) -> None:
    match = joined(one, *addresses, result=PROVEN if clue is ThreadClue.NUMBER else None)
    assert match is not None
    assert (match.case_id, match.clue, match.confidence, match.held) == (CASE, clue, confidence, "")


@pytest.mark.parametrize(("one", "addresses", "clue", "_confidence"), BY_EACH)
def test_a_stranger_who_has_a_clue_is_held_apart(
    one: ParsedMail, addresses: tuple[str, ...], clue: ThreadClue, _confidence: int
) -> None:
    stranger = ParsedMail(
        sender=Mailbox(email="eve@evil.example"),
        in_reply_to=one.in_reply_to,
        references=one.references,
        text=one.text,
        subject=one.subject,
    )
    match = joined(stranger, *addresses)
    if clue is ThreadClue.NUMBER:
        assert match is None
    else:
        assert match is not None
        assert match.held == "stranger"


def test_a_number_alone_joins_only_who_is_proven() -> None:
    one = mail(subject="[#1001] Kettle")
    held = joined(one)
    assert held is not None
    assert (held.case_id, held.held) == (CASE, "unproven")
    always, never = joined(one, by_number=ByNumber.ALWAYS), joined(one, result=PROVEN, by_number=ByNumber.NEVER)
    assert always is not None
    assert (always.held, never) == ("", None)
    forged = joined(one, result=Authenticity(dmarc="fail"), by_number=ByNumber.ALWAYS)
    assert forged is None
    answered = joined(mail(subject="[#1001] Kettle", in_reply_to=("first@tea.example",)))
    assert answered is not None
    assert answered.held == ""


def test_colleagues_join_and_forgers_do_not() -> None:
    one = mail("colleague@shop.example", in_reply_to=("first@tea.example",))
    match = joined(one)
    assert match is not None
    assert match.held == ""
    forged = joined(one, result=Authenticity(dmarc="fail", by="mx"))
    assert forged is not None
    assert forged.held == "forged"
    nobody = joined(ParsedMail(in_reply_to=("first@tea.example",)))
    assert nobody is not None
    assert nobody.held == "stranger"


def test_the_strongest_clue_decides_and_the_others_are_told() -> None:
    match = joined(mail(in_reply_to=("second@tea.example",), subject="[#1002]"), f"help+c{TOKEN}@tea.example")
    assert match is not None
    assert match.case_id == CASE
    assert "1 other" in match.why


def test_the_newest_reference_comes_first() -> None:
    match = joined(mail("bo@else.example", references=("first@tea.example", "second@tea.example")))
    assert match is not None
    assert match.case_id == OTHER


def test_nothing_known_is_a_new_conversation() -> None:
    assert joined(mail(in_reply_to=("unknown@x",), subject="Order #77812 [#99999]")) is None


def test_tokens_are_bound_to_case_organisation_and_secret() -> None:
    assert read(TOKEN) == CASE
    assert read(tokens.token_of(OLDER, "tea", CASE)) == CASE
    assert read(tokens.token_of(b"x" * 32, "tea", CASE)) == ""
    assert read(tokens.token_of(SECRET, "coffee", CASE)) == ""
    assert read("a" * tokens.LENGTH) == ""
    assert len(TOKEN) == tokens.LENGTH


@given(case=st.uuids(), secret=st.binary(min_size=1, max_size=40), at=st.integers(0, tokens.LENGTH - 2))
def test_a_changed_token_names_nothing(case: UUID, secret: bytes, at: int) -> None:
    token = tokens.token_of(secret, "tea", str(case))
    assert tokens.case_of((secret,), "tea", token) == str(case)
    changed = token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1 :]
    assert tokens.case_of((secret,), "tea", changed) == ""


@given(text=st.text(max_size=80))
def test_any_token_is_read_without_raising(text: str) -> None:
    assert read(text) == ""


def test_plus_addresses() -> None:
    address = tokens.plus_address("help@tea.example", TOKEN)
    assert tokens.in_addresses([address]) == (TOKEN,)
    assert tokens.without_token(address) == "help@tea.example"
    longest = "x" * 40 + "@tea.example"
    assert tokens.plus_address(longest, TOKEN) == longest


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("[#1001] Kettle", (1001,)),
        ("AW: [Case 1001] [#1002]", (1001, 1002)),
        ("Kettle (#1001)", (1001,)),
        ("about #1001, please", (1001,)),
        ("#12 is short, and A#1001 is no number", ()),
        ("Order 1001", ()),
    ],
)
def test_numbers_in_subjects(subject: str, found: tuple[int, ...]) -> None:
    assert numbers(subject) == found


@pytest.mark.parametrize(
    "subject",
    [
        "Re: AW: [#1001] Kettle leaks",
        "RE[2]: Kettle leaks",
        "回复：Kettle  leaks",
        "Fwd: Re(3): Kettle leaks",
        "Kettle leaks",
    ],
)
def test_bare_subjects(subject: str) -> None:
    assert bare_subject(subject) == "Kettle leaks"


def checked(*values: str) -> Authenticity:
    return authenticity(
        ParsedMail(headers=tuple(("authentication-results", one) for one in values)), {"mx.tea.example"}
    )


def test_only_the_operators_own_servers_are_believed() -> None:
    forged = "mx.evil.example; dmarc=pass header.from=shop.example"
    ours = (
        'mx.tea.example 1; spf=pass (sender (really) ok) smtp.mailfrom=shop.example;\r\n dkim=fail header.d="a";'
        " dkim=pass header.d=shop.example; dmarc=hardfail (p=reject) header.from=shop.example"
    )
    got = checked(forged, ours, "mx.tea.example; dmarc=pass")
    assert (got.by, got.spf, got.dkim, got.dmarc) == ("mx.tea.example", "pass", "pass", "fail")
    assert got.detail["dkim.header.d"] == "shop.example"
    assert checked(forged) == Authenticity()
    assert checked("mx.tea.example; none").by == "mx.tea.example"


@given(value=st.text(max_size=300))
def test_any_results_are_read_without_raising(value: str) -> None:
    checked(value, "mx.tea.example;" + value)


@pytest.mark.parametrize(
    ("results", "right"),
    [
        ("dmarc=pass", True),
        ("dmarc=fail; dkim=pass header.d=shop.example", False),
        ("dkim=pass header.d=shop.example", True),
        ("dkim=pass header.i=@Shop.example", True),
        ("dkim=pass header.d=esp.example; dkim=pass header.d=shop.example", False),  # the first is what is known
        ("dkim=fail header.i=@shop.example; dkim=pass header.d=evil.example", False),
        ("dkim=pass header.d=evil.shop.example.org", False),
        ("dkim=pass header.d=mail.shop.example", False),
        ("dkim=pass header.d=example", False),
        ("dkim=fail header.d=shop.example; spf=pass smtp.mailfrom=bounces@shop.example", True),
        ("spf=softfail smtp.mailfrom=shop.example", False),
        ("spf=pass", False),
        ("none", False),
    ],
)
def test_a_sender_is_proven_by_his_own_domain(results: str, right: bool) -> None:
    assert proven(checked(f"mx.tea.example; {results}"), "ana@shop.example") is right


def test_a_domain_speaks_for_those_beneath_it() -> None:
    assert proven(checked("mx.tea.example; dkim=pass header.d=shop.example"), "Ana@Mail.Shop.example")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (Authenticity(), False),
        (Authenticity(spf="fail", dkim="fail", dmarc="fail"), True),
        (Authenticity(spf="fail", dmarc="none"), True),
        (Authenticity(spf="fail", dkim="pass", dmarc="none"), False),  # passed on by a server of his
        (Authenticity(spf="fail", dkim="fail", dmarc="pass"), False),
        (Authenticity(spf="softfail"), False),
    ],
)
def test_a_sender_is_disproved_by_what_leaves_no_doubt(said: Authenticity, wrong: bool) -> None:
    assert disproved(said) is wrong


@pytest.mark.parametrize(
    ("said", "dmarc", "spf", "mailfrom"),
    [
        ('spf=pass smtp.mailfrom="a; dmarc=pass"@evil.example; dmarc=fail', "fail", "pass", "@evil.example"),
        ('spf=pass smtp.mailfrom="a\\" ; dmarc=pass x"@evil.example', "", "pass", "@evil.example"),
        ('spf=pass smtp.mailfrom="x smtp.mailfrom=a@shop.example "@evil.example', "", "pass", "@evil.example"),
        ('spf=pass smtp.mailfrom="a@shop.example"@evil.example', "", "pass", "@evil.example"),
        ('spf=pass smtp.mailfrom="a@shop.example"; dmarc=pass', "pass", "pass", "a@shop.example"),
        ('spf=pass (of "x at (nested "y) evil) smtp.mailfrom=a@b.example; dmarc=fail', "fail", "pass", "a@b.example"),
        ("spf=pass (open; dmarc=pass", "", "pass", ""),
        ('spf=none "open; dmarc=fail', "fail", "none", ""),
        ("dmarc=pass(p=reject)header.from=shop.example \\", "pass", "", ""),
    ],
)
def test_what_a_sender_quotes_in_his_address_is_no_result(said: str, dmarc: str, spf: str, mailfrom: str) -> None:
    headers = (("authentication-results", f"mx.tea.example; {said}"),)
    result = authenticity(mail(headers=headers), {"mx.tea.example"})
    assert (result.dmarc, result.spf) == (dmarc, spf)
    assert result.detail.get("spf.smtp.mailfrom", "") == mailfrom
