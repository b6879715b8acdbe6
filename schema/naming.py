"""Under which names actors are shown: those that they have now, or those that they had at the time of an event."""

from enum import StrEnum

from schema.actor import ActorIn
from schema.edtf import Edtf


class Naming(StrEnum):
    """Which names a list of events shows."""

    CURRENT = "current"
    DATED = "dated"


def name_at(actor: ActorIn, date: Edtf) -> str:
    """The name that an actor had when something with this date began.

    Of the further names whose time covers the first second that the date allows, the one whose time begins last, of
    several the last one in the list; without any, the primary name.
    """
    borne = [
        (name.date.starts, number, name.name)
        for number, name in enumerate(actor.names)
        if name.date is not None and _covers(name.date, date.starts)
    ]
    return max(borne)[2] if borne else actor.name


def _covers(date: Edtf, second: int) -> bool:
    if not date.starts <= second < date.ends:
        return False
    return date.runs is None or any(starts <= second < ends for starts, ends in date.runs)
