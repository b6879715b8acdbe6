"""A pattern for contracts, which have no place for a calendar."""

_YEAR = r"(?:Y-?[1-9][0-9]*(?:E[1-9][0-9]?)?|-?[0-9X]{4})(?:S[1-9][0-9]?)?"
_REST = r"(?:-[?~%]?[0-9X]{2}[?~%]?){0,2}"
_TIME = r"(?:T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:Z|[+-][01][0-9](?::[0-5][0-9])?)?)?"
_DATE = rf"[?~%]?{_YEAR}[?~%]?{_REST}{_TIME}"

LOOSE_PATTERN: str = rf"^[\[{{]?(?:\.\.)?/?{_DATE}(?:(?:\.\.|/| *, *){_DATE})*/?(?:\.\.)?[\]}}]?$"
"""A regular expression (ECMA 262 and Python alike) which every valid text matches, and some invalid ones."""
