"""The ring of the newest changes: what it gives, what it forgets, and whom it can blame for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.feed.ring import Ring, change_frame, dropped_frame
from schema.feed import DropReason


def filled(*sequences: int, frames: int = 100, size: int = 10**6) -> Ring:
    ring = Ring(maximum_frames=frames, maximum_bytes=size)
    for sequence in sequences:
        ring.add(change_frame(sequence, b"{}"))
    ring.trim()
    return ring


def test_frames_are_events_of_one_line_each() -> None:
    assert change_frame(17, b'{"a": 1}').bytes == b'id: 17\nevent: change\ndata: {"a": 1}\n\n'
    assert dropped_frame(DropReason.TOO_SLOW, 17) == b'event: dropped\ndata: {"reason": "too-slow", "after": 17}\n\n'


@pytest.mark.parametrize(("after", "last"), [(0, 9), (3, 9), (4, 9), (8, 9), (9, None), (12, None)])
def test_it_gives_what_comes_after_a_place_in_a_gap_too(after: int, last: int | None) -> None:
    piece = filled(3, 5, 9).after(after, 10**6)
    assert (piece.after if piece else None) == last


def test_pieces_are_bounded_and_have_at_least_one_change() -> None:
    ring = filled(1, 2, 3)
    one = len(change_frame(1, b"{}").bytes)
    for most, last in ((1, 1), (one, 1), (2 * one, 2), (3 * one - 1, 2), (3 * one, 3)):
        piece = ring.after(0, most)
        assert piece is not None
        assert (piece.after, len(piece.bytes)) == (last, last * one)


def test_what_goes_for_want_of_room_overtakes_and_what_is_redacted_does_not() -> None:
    ring = filled(1, 2, 3, 4, frames=2)
    assert (ring.floor, ring.overtaken) == (2, 2)
    ring.clear()
    assert (ring.floor, ring.overtaken) == (4, 2)
    assert ring.after(0, 10**6) is None
    ring.add(change_frame(7, b"{}"))
    ring.trim()
    assert (ring.floor, ring.overtaken) == (4, 2)
    ring.clear()
    ring.clear()
    assert (ring.floor, ring.overtaken) == (7, 2)


def test_a_change_larger_than_the_ring_stays_until_the_next() -> None:
    ring = Ring(maximum_frames=10, maximum_bytes=50)
    for sequence in (1, 2):
        ring.add(change_frame(sequence, b"x" * 100))
        ring.trim()
    piece = ring.after(1, 1)
    assert piece is not None
    assert (piece.after, ring.floor) == (2, 1)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 60), st.booleans()), max_size=40),
    st.integers(1, 6),
    st.integers(40, 300),
)
def test_nobody_within_its_reach_misses_or_repeats_a_change(
    steps: list[tuple[int, int, bool]], frames: int, size: int
) -> None:
    """It holds exactly what comes after its floor, whatever is added, trimmed and cleared."""
    ring = Ring(maximum_frames=frames, maximum_bytes=size)
    added: list[int] = []
    sequence = 0
    for gap, length, cleared in steps:
        sequence += gap
        if cleared:
            ring.clear()
        ring.add(change_frame(sequence, b"x" * length))
        added.append(sequence)
        ring.trim()
        for place in range(ring.floor, sequence + 2):
            taken = []
            after = place
            while (piece := ring.after(after, 100)) is not None:
                taken += [int(line[4:]) for line in piece.bytes.split(b"\n") if line.startswith(b"id: ")]
                after = piece.after
            assert taken == [one for one in added if one > place]
