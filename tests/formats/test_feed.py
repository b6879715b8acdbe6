"""What both feeds say: new and corrected apart, the last first, and never the event's date for the feed's."""

from uuid import UUID, uuid5

from api.formats import feed
from api.formats.entry import Part
from schema.vocabulary import ChangeType, State
from tests.formats.parts import HEADING, RECORDED_AT, change, in_pieces, parts_of, sample_part, single

EVENT = UUID("33333333-3333-4333-8333-333333333333")
HISTORY = (
    change(1, ChangeType.CREATE, 1),
    change(2, ChangeType.UPDATE, 2),
    change(3, ChangeType.CORRECTION, 3, "It was <June>,\x00 not May."),
    change(4, ChangeType.CLARIFICATION, 4),
    change(5, ChangeType.RETRACTION, 5, "It did not happen."),
    change(6, ChangeType.RESTORE, 6, "It did."),
    change(7, ChangeType.UPDATE, 7),
)


async def told(*given: Part) -> list[feed.FeedEntry]:
    return await feed.entries_of(HEADING, parts_of(given))


async def test_an_event_is_new_once_and_corrected_as_often_as_it_was() -> None:
    entries = await told(single(changes=HISTORY, published_at=HISTORY[0].recorded_at))
    assert [(one.change, one.title, one.published[:10]) for one in entries] == [
        ("restore", "Restored: Something happens", "2026-03-06"),
        ("retraction", "Retraction: Something happens", "2026-03-05"),
        ("clarification", "Clarification: Something happens", "2026-03-04"),
        ("correction", "Correction: Something happens", "2026-03-03"),
        ("new", "Something happens", "2026-03-01"),
    ]
    assert [one.id for one in entries] == [*(uuid5(EVENT, str(revision)) for revision in (6, 5, 4, 3)), EVENT]


async def test_an_update_makes_no_entry_but_moves_the_first_one() -> None:
    before, after = HISTORY[:1], HISTORY[:2]
    [plain] = await told(single(changes=before, published_at=before[0].recorded_at))
    [updated] = await told(single(changes=after, published_at=before[0].recorded_at))
    assert (plain.id, plain.change, plain.published) == (updated.id, updated.change, updated.published)
    assert (plain.updated, updated.updated) == (before[0].recorded_at, after[1].recorded_at)


async def test_a_correction_keeps_its_time_and_begins_with_its_reason() -> None:
    entries = await told(single(changes=HISTORY))
    correction = next(one for one in entries if one.change == "correction")
    assert correction.updated == correction.published == HISTORY[2].recorded_at
    assert correction.content.lstrip().startswith(
        "<p><strong>Correction:</strong> It was &lt;June&gt;,\ufffd not May.</p>"
    )
    clarification = next(one for one in entries if one.change == "clarification")
    assert "Clarification:</strong> no reason is given." in clarification.content


async def test_a_retracted_event_says_so_in_every_entry() -> None:
    part = single(changes=HISTORY[:5], state=State.RETRACTED, retraction="It did not happen.")
    entries = await told(part)
    assert [one.title.partition(":")[0] for one in entries] == [
        *("Retraction", "Clarification", "Correction", "Retracted"),
    ]
    for one in entries:
        assert "<strong>Retracted:</strong> It did not happen." in one.content


async def test_without_changes_at_hand_an_event_is_as_old_as_its_publication() -> None:
    [one] = await told(single())
    assert (one.change, one.published, one.updated) == ("new", RECORDED_AT, RECORDED_AT)


async def test_the_order_does_not_depend_on_how_events_come() -> None:
    part = sample_part()
    entries = [
        entry._replace(changes=(change(1, ChangeType.CREATE, 1), change(2, ChangeType.CORRECTION, 1 + index % 20, "x")))
        for index, entry in enumerate(part.entries)
    ]
    forth = await told(*in_pieces(part._replace(entries=entries), 7))
    back = await told(part._replace(entries=entries[::-1]))
    assert [one.id for one in forth] == [one.id for one in back]
    assert [one.published for one in forth] == sorted((one.published for one in forth), reverse=True)
    assert len({one.id for one in forth}) == 60


async def test_an_event_that_was_corrected_without_end_does_not_fill_the_memory() -> None:
    many = [change(1, ChangeType.CREATE, 1)]
    many += [change(number, ChangeType.CORRECTION, 2, "again") for number in range(2, feed.MOST_ENTRIES + 12)]
    entries = await told(single(changes=tuple(many)))
    assert [one.revision for one in entries] == list(range(feed.MOST_ENTRIES + 11, 11, -1))


def test_a_feed_without_entries_was_updated_when_its_store_was() -> None:
    assert feed.updated_at(HEADING, []) == RECORDED_AT


async def test_each_source_is_linked_once_and_only_where_it_may_be() -> None:
    [one] = await told(single())
    assert one.links == {"https://paper.test/a": "“An article”, The Paper, 30 May 2025 (uncertain)"}
    [none] = await told(single({"source": {"url": None}}))
    assert none.links == {}
