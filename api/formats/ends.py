"""The two ends of a date for formats that have no open ones: what is named in it, and no day that nobody gave."""

from schema.edtf.forms import DateForm, Form


def named_ends(form: Form) -> tuple[DateForm, DateForm]:
    """The dates that a date begins and ends with; where an end is open or unknown, the other one stands for it."""
    ends = [(start or end, end or start) for start, end in ((member.start, member.end) for member in form.members)]
    firsts = [first for first, _ in ends if first is not None]
    lasts = [last for _, last in ends if last is not None]
    return min(firsts, key=lambda date: date.starts), max(lasts, key=lambda date: date.ends)
