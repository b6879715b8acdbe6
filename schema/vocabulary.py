"""The closed and the open word lists of the domain.

Closed lists are enumerations. Open lists are slugs: any is accepted, the core ones below are documented, so
that stores which use them can be compared.
"""

from enum import StrEnum


class Occurrence(StrEnum):
    """What the world did: was it only planned, is it going on, did it happen, was it put off or called off."""

    PLANNED = "planned"
    ONGOING = "ongoing"
    OCCURRED = "occurred"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class State(StrEnum):
    """What the record is: a draft (seen with ``edit`` only), published, or retracted."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETRACTED = "retracted"


class Stance(StrEnum):
    """Whether a source supports the event, disputes it, or only mentions it."""

    SUPPORTS = "supports"
    DISPUTES = "disputes"
    MENTIONS = "mentions"


class Reliability(StrEnum):
    """Reliability of a source (Admiralty Code): A completely reliable … E unreliable, F cannot be judged."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Confidence(StrEnum):
    """Analytic confidence in the judgement (ICD 203), from the quality of its basis."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Likelihood(StrEnum):
    """How likely it is that the event is true as described (ICD 203, seven terms, in per cent)."""

    ALMOST_NO_CHANCE = "almost_no_chance"
    VERY_UNLIKELY = "very_unlikely"
    UNLIKELY = "unlikely"
    ROUGHLY_EVEN_CHANCE = "roughly_even_chance"
    LIKELY = "likely"
    VERY_LIKELY = "very_likely"
    ALMOST_CERTAIN = "almost_certain"


class Bound(StrEnum):
    """How a figure is bounded: exactly, about, at least or at most its value."""

    EXACTLY = "exactly"
    ABOUT = "about"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class RelationType(StrEnum):
    """How one event stands to another."""

    ACKNOWLEDGES = "acknowledges"
    CONFIRMS = "confirms"
    DENIES = "denies"
    FOLLOWS = "follows"
    PART_OF = "part_of"
    RESCHEDULES = "reschedules"
    SUPERSEDES = "supersedes"
    DUPLICATES = "duplicates"


class PlacePrecision(StrEnum):
    """How closely a place is known: the exact spot, or somewhere in a city, district, region or country."""

    EXACT = "exact"
    CITY = "city"
    DISTRICT = "district"
    REGION = "region"
    COUNTRY = "country"


class ChangeType(StrEnum):
    """What a change did to a record."""

    CREATE = "create"
    UPDATE = "update"
    CORRECTION = "correction"
    CLARIFICATION = "clarification"
    RETRACTION = "retraction"
    RESTORE = "restore"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DISCARD = "discard"
    REDACTION = "redaction"


class EditType(StrEnum):
    """The change types that PUT and PATCH can be given."""

    UPDATE = "update"
    CORRECTION = "correction"
    CLARIFICATION = "clarification"


CORE_EVENT_KINDS = {
    "acknowledgement": "a party admits or confirms something in public",
    "agreement": "an accord below the rank of a treaty",
    "attack": "an armed attack, shelling, air or drone strike (ACLED: Explosions/Remote violence)",
    "battle": "armed clash between organized sides (ACLED: Battles; UCDP: state-based, non-state)",
    "deployment": "forces are sent or stationed",
    "diplomacy": "talks, visits, votes, notes",
    "founding": "an organization is founded",
    "invasion": "forces cross a border to take ground",
    "protest": "demonstration or riot (ACLED: Protests, Riots)",
    "report": "a report or finding is published",
    "sanctions": "sanctions are imposed, lifted, breached or monitored",
    "statement": "a position is stated in public",
    "talks": "negotiations take place or are set",
    "transfer": "arms, goods, money or technology change hands",
    "treaty": "a treaty is signed, ratified or ended",
    "violence-against-civilians": "one-sided violence (ACLED, UCDP: one-sided)",
}
CORE_ACTOR_KINDS = {
    "state": "a state or its government",
    "organization": "an organization, agency or company",
    "armed-force": "an army or one of its units, an armed group",
    "person": "a natural person",
    "coalition": "states or organizations acting together",
    "publisher": "a publisher of sources",
}
CORE_ROLES = {
    "attacker": "attacks (of civilians or from afar: ACLED actor1, UCDP side_a)",
    "target": "is attacked or affected (there: ACLED actor2, UCDP side_b)",
    "side-a": "fights as one side of a battle (ACLED actor1, UCDP side_a)",
    "side-b": "fights as the other side (ACLED actor2, UCDP side_b)",
    "signatory": "signs",
    "party": "takes part as one of the sides",
    "supplier": "gives arms, goods, money or forces",
    "recipient": "receives them",
    "speaker": "states, admits, denies or reports",
    "subject": "is what is spoken of or monitored",
    "founder": "founds",
    "founded": "is founded",
    "member": "takes part as a member of a coalition",
    "host": "hosts or mediates",
    "vetoer": "votes down",
}
CORE_MEASURES = {
    "killed": "people killed (ACLED fatalities; UCDP best, low, high)",
    "wounded": "people wounded",
    "casualties": "killed and wounded together",
    "repatriated": "people brought home",
    "troops": "soldiers",
    "labourers": "workers sent",
    "containers": "shipping containers",
    "ammunition": "rounds of ammunition",
    "crude-oil": "crude oil",
    "members": "members of a coalition or organization",
}
