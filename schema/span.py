"""Classes of length, by which events that reach into a window from before it are found.

An event that overlaps a window and started before it started at most its own length earlier. Grouped by length,
each group needs a look back of only its ceiling. The ceilings are natural ones, so that a month, a year or a
decade falls to the top of its class.
"""

from schema.edtf import UNBOUNDED_END, UNBOUNDED_START

_DAY_S = 86_400
#: Longest length of each class but the last two, in seconds.
CEILINGS_S = tuple(_DAY_S * days for days in (1, 3, 8, 31, 92, 366, 1_096, 3_653, 11_323, 36_890))
#: Longer than all ceilings, or without a bounded start.
LONG = len(CEILINGS_S)
#: Bounded or not at its start, and without a bounded end.
OPEN_END = LONG + 1
CLASSES = range(OPEN_END + 1)


def span_of(starts: int, ends: int) -> int:
    """The class of an event's bounds (seconds, half open)."""
    if ends == UNBOUNDED_END:
        return OPEN_END
    if starts == UNBOUNDED_START:
        return LONG
    length = ends - starts
    return next((span for span, ceiling in enumerate(CEILINGS_S) if length <= ceiling), LONG)


def ceiling_s(span: int) -> int | None:
    """The longest length in a class, in seconds; None where there is none."""
    return CEILINGS_S[span] if span < LONG else None


def floor_s(span: int) -> int:
    """A length that every event of a class exceeds, in seconds."""
    if span == 0:
        return 0
    return CEILINGS_S[min(span, LONG) - 1]
