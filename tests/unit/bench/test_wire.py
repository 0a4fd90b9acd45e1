import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol

from engine.bench.wire import CLOSE, PING, TEXT, FrameReader, encode


def from_server(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """Write a frame as a server does: without a mask."""
    size = len(payload)
    first = (0x80 if final else 0) | opcode
    if size < 126:
        return bytes([first, size]) + payload
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + payload
    return bytes([first, 127]) + size.to_bytes(8, "big") + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_every_length_is_read(size: int) -> None:
    payload = b"x" * size
    assert FrameReader().feed(from_server(TEXT, payload)) == [(TEXT, payload)]


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(min_value=1, max_value=50))
def test_frames_may_come_in_any_pieces(payloads: list[bytes], step: int) -> None:
    stream = b"".join(from_server(TEXT, payload) for payload in payloads)
    reader = FrameReader()
    found = [frame for at in range(0, len(stream), step) for frame in reader.feed(stream[at : at + step])]
    assert found == [(TEXT, payload) for payload in payloads]


def test_fragments_are_joined_and_controls_come_between() -> None:
    stream = from_server(TEXT, b"one ", final=False) + from_server(PING, b"?") + from_server(0, b"two")
    assert FrameReader().feed(stream) == [(PING, b"?"), (TEXT, b"one two")]


@pytest.mark.parametrize("size", [5, 200, 66_000])
def test_what_is_sent_is_masked_with_a_key_that_changes_nothing(size: int) -> None:
    frame = encode(TEXT, b"y" * size)
    assert frame[0] == 0x80 | TEXT
    assert frame[1] & 0x80
    assert frame.endswith(b"\0\0\0\0" + b"y" * size)


def test_the_library_reads_what_is_sent() -> None:
    peer = Protocol(SERVER)
    peer.receive_data(encode(TEXT, b"hello" * 100) + encode(CLOSE, (1000).to_bytes(2, "big")))
    frames = [(frame.opcode, bytes(frame.data)) for frame in peer.events_received() if isinstance(frame, Frame)]
    assert frames[0] == (Opcode.TEXT, b"hello" * 100)
    assert frames[1][0] is Opcode.CLOSE
