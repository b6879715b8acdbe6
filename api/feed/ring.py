"""The newest changes of one kind of reader, as they go out: made once, and shared by all who follow."""

from bisect import bisect_right
from typing import NamedTuple

from schema.feed import DropReason


class Frame(NamedTuple):
    """One change as a server-sent event."""

    sequence: int
    bytes: bytes


def change_frame(sequence: int, json: bytes) -> Frame:
    """Write a change as a server-sent event; ``json`` must be on one line."""
    return Frame(sequence, b"id: %d\nevent: change\ndata: %b\n\n" % (sequence, json))


def dropped_frame(reason: DropReason, after: int) -> bytes:
    """Write the event with which the server takes leave. It has no id: what to resume with stays as it was."""
    return b'event: dropped\ndata: {"reason": "%b", "after": %d}\n\n' % (reason.value.encode(), after)


class Piece(NamedTuple):
    """Some changes behind each other, and the sequence of the last of them."""

    bytes: bytes
    after: int


class Ring:
    """Every change that a kind of reader sees after ``floor``, up to what has been read of the log.

    It is bounded in number and bytes: the oldest go first. ``overtaken`` is the last one that went because of that,
    rather than because it may no longer be given out.
    """

    def __init__(self, *, maximum_frames: int, maximum_bytes: int) -> None:
        self.floor = 0
        self.overtaken = 0
        self._frames: list[Frame] = []
        self._bytes = 0
        self._maximum_frames = maximum_frames
        self._maximum_bytes = maximum_bytes

    def begin(self, floor: int) -> None:
        """Hold what comes after this change."""
        self.floor = floor

    def add(self, frame: Frame) -> None:
        """Add the next change."""
        self._frames.append(frame)
        self._bytes += len(frame.bytes)

    def trim(self) -> None:
        """Keep to the bounds; the last change stays, however large it is."""
        gone = 0
        while gone < len(self._frames) - 1 and (
            len(self._frames) - gone > self._maximum_frames or self._bytes > self._maximum_bytes
        ):
            self._bytes -= len(self._frames[gone].bytes)
            gone += 1
        if gone:
            self.overtaken = self.floor = self._frames[gone - 1].sequence
            del self._frames[:gone]

    def clear(self) -> None:
        """Give out nothing more of what is here. Whoever has not got it yet has to look at the log."""
        if self._frames:
            self.floor = self._frames[-1].sequence
            self._frames, self._bytes = [], 0

    def after(self, sequence: int, maximum_bytes: int) -> Piece | None:
        """Give what comes after a change, about so many bytes of it; None if there is nothing.

        What lies before ``floor`` is not here: the caller asks the log for it.
        """
        first = last = bisect_right(self._frames, sequence, key=lambda frame: frame.sequence)
        size = 0
        while last < len(self._frames) and (last == first or size + len(self._frames[last].bytes) <= maximum_bytes):
            size += len(self._frames[last].bytes)
            last += 1
        if first == last:
            return None
        # A single frame is not copied: those who follow closely share it.
        return Piece(b"".join(frame.bytes for frame in self._frames[first:last]), self._frames[last - 1].sequence)
