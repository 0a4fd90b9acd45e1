"""Responses of IMAP servers, as they and their oddities look on the wire."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email.imap.faults import Faulty
from engine.channels.email.imap.wire import (
    Response,
    day,
    folder_name,
    items,
    literal_size,
    moment_ms,
    number_set,
    numbers,
    plain,
    quoted,
    read_response,
    without_size,
    xoauth2,
)


def read(*pieces: bytes) -> Response:
    return read_response(pieces)


def test_a_status_has_code_argument_and_text() -> None:
    response = read(b"* OK [UIDVALIDITY 3857529045] UIDs valid (really)")
    assert (response.tag, response.kind, response.code) == ("*", "OK", "UIDVALIDITY")
    assert (response.argument, response.text) == ("3857529045", "UIDs valid (really)")


def test_a_status_without_a_code_and_with_unpaired_brackets_is_text() -> None:
    assert read(b"C1 NO nothing :( here").text == "nothing :( here"
    assert read(b"C1 ok").kind == "OK"


def test_a_mail_comes_as_literal_among_its_other_items() -> None:
    response = read(b"* 12 FETCH (BODY[]<0> ", b"Subject: (\r\n\r\n", b" UID 77 FLAGS (\\Seen $x) RFC822.SIZE 14)")
    assert (response.kind, response.number) == ("FETCH", 12)
    found = dict(items(response.values))
    assert found["BODY[]"] == b"Subject: (\r\n\r\n"
    assert numbers([found["UID"], found["RFC822.SIZE"]]) == [77, 14]


def test_a_short_mail_may_come_quoted_and_a_gone_one_as_nil() -> None:
    response = read(b'* 1 FETCH (UID 3 BODY[] "a \\"b\\" \\\\")')
    assert dict(items(response.values))["BODY[]"] == b'a "b" \\'
    assert dict(items(read(b"* 1 FETCH (UID 3 BODY[] NIL)").values))["BODY[]"] is None


def test_found_numbers_are_read() -> None:
    assert numbers(read(b"* SEARCH 2 84 882").values) == [2, 84, 882]
    assert numbers(read(b"* SEARCH").values) == []


@pytest.mark.parametrize("line", [b"* 1 FETCH (UID 3", b"* 1 FETCH UID 3)", b"* 1 FETCH " + b"(" * 30, b'* LIST "x'])
def test_what_cannot_be_read_is_a_fault(line: bytes) -> None:
    with pytest.raises(Faulty):
        read(line)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_anything_else_is_read_or_a_fault(pieces: list[bytes]) -> None:
    try:
        response = read_response(pieces)
    except Faulty:
        return
    assert response.tag is not None


def test_a_literal_is_announced_at_the_end_of_a_line() -> None:
    assert literal_size(b"* 1 FETCH (BODY[] {310}") == 310
    assert literal_size(b"* 1 FETCH (BODY[] {310} )") is None
    assert without_size(b"x {3}") == b"x "


def test_names_of_folders_are_in_modified_utf_7() -> None:
    assert folder_name("INBOX") == '"INBOX"'
    assert folder_name("Entwürfe & mehr") == '"Entw&APw-rfe &- mehr"'
    assert folder_name("台北") == '"&U,BTFw-"'  # RFC 3501, 5.1.3
    assert folder_name('a"b\\c') == '"a\\"b\\\\c"'


def test_nobody_slips_a_command_into_a_string() -> None:
    with pytest.raises(ValueError, match="printable"):
        quoted("a\r\nC2 DELETE INBOX")
    assert "\n" not in folder_name("a\r\nb")


def test_numbers_are_written_as_runs() -> None:
    assert number_set([1, 2, 3, 7, 9, 10]) == "1:3,7,9:10"


def test_days_and_moments() -> None:
    assert day(datetime(2026, 11, 5, tzinfo=UTC)) == "5-Nov-2026"
    assert moment_ms(b" 5-Nov-2026 10:00:00 +0100") == 1_793_869_200_000
    assert moment_ms(b"yesterday") == moment_ms(b"99-Nov-2026 10:00:00 +0000") == 0


def test_answers_of_sasl() -> None:
    assert plain("tim", "tanstaaftanstaaf") == "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
    assert xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q"
        "2cBAQ=="
    )  # the example of https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
