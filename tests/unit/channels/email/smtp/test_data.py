import pytest

from engine.channels.email.smtp.data import DataReader


def read(sent: bytes, pieces: int = 1 << 30) -> tuple[bytes, DataReader]:
    reader, content, at = DataReader(), b"", 0
    while at < len(sent) and not reader.ended:
        content += reader.take(sent[at : at + pieces])
        at += pieces
    reader.rest += sent[at:]
    return content, reader


@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 5, 7, 1_000])
@pytest.mark.parametrize(
    ("sent", "content", "rest"),
    [
        (b".\r\n", b"", b""),
        (b"a\r\n.\r\n", b"a\r\n", b""),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n"),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"..a\r\n...\r\n.b\r\n.\r\n.\r\n", b".a\r\n..\r\nb\r\n", b".\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n", b""),
        (b"a\r\nb\rc\nd\x00e\r\n.\r\n", b"a\r\nb\rc\nd\x00e\r\n", b""),
        (b"x" * 5_000 + b"\r\n.\r\n", b"x" * 5_000 + b"\r\n", b""),
        (b"a.\r\n.\r\n", b"a.\r\n", b""),
        (b"a\n..\n\r\n.\r\n", b"a\n..\n\r\n", b""),
    ],
)
def test_content_ends_at_the_one_true_end(pieces: int, sent: bytes, content: bytes, rest: bytes) -> None:
    read_content, reader = read(sent, pieces)
    assert (read_content, reader.rest, reader.ended, reader.smuggled) == (content, rest, True, False)
    assert reader.size == len(content)


@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 5, 1_000])
@pytest.mark.parametrize(
    "false_end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
        b"\n\x00.\r\n",
        b"\n\n.\r\r\n",
    ],
)
def test_a_false_end_ends_nothing_and_is_seen(pieces: int, false_end: bytes) -> None:
    sent = b"Subject: a\r\n\r\nhello" + false_end + b"MAIL FROM:<evil@x>\r\nDATA\r\nboo\r\n.\r\n"
    content, reader = read(sent, pieces)
    assert reader.ended
    assert reader.smuggled
    assert reader.rest == b""
    assert b"MAIL FROM" in content


def test_nothing_ends_without_the_end() -> None:
    content, reader = read(b"a\r\n.\r")
    assert not reader.ended
    assert content == b"a"
