"""All that a store holds beside its log, as text, to see that it follows from the log."""

from typing import Any

_ROWS = {
    table: f"SELECT t::text FROM {table} t"
    for table in (
        *("actor", "actor_name", "membership", "source", "event", "event_text", "chronology"),
        *("past_actor", "past_actor_name", "past_membership", "past_source", "past_event", "past_event_text"),
        "past_chronology",
    )
} | {
    # The numbers of terms, and terms that nothing has, do not count.
    "term": "SELECT (state, name, events, past_events)::text FROM term WHERE events + past_events > 0",
    "event_term": "SELECT (state, name, event_id, span, gaps, starts, ends, sequence)::text"
    " FROM event_term JOIN term ON term.id = event_term.term",
    "past_event_term": "SELECT (state, name, event_id, span, gaps, starts, ends, sequence, to_sequence)::text"
    " FROM past_event_term JOIN term ON term.id = past_event_term.term",
}


async def derived_rows(connection: Any) -> dict[str, list[str]]:
    """The rows of every table that follows from the log, in an order."""
    return {table: sorted(row[0] for row in await connection.fetch(sql)) for table, sql in _ROWS.items()}
