"""The order in which rows that point to each other can be written."""

from collections.abc import Iterator

from api.ingest.rows import ReadRow


def in_groups(rows: list[ReadRow]) -> Iterator[list[ReadRow]]:
    """Group rows that point to each other in cycles; each group comes after those that it points to.

    These are the strongly connected components of the relations, in the order in which Tarjan's algorithm finds them.
    Of rows that are the same event, the last is the one that others point to.
    """
    places = {row.event_id: place for place, row in enumerate(rows) if row.event_id is not None}
    targets = [
        [places[one.event_id] for one in row.reading.value.relations if one.event_id in places] if row.reading else []
        for row in rows
    ]
    return ([rows[place] for place in sorted(group)] for group in _components(targets))


def _components(targets: list[list[int]]) -> Iterator[list[int]]:
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in range(len(targets)):
        if root in index:
            continue
        # Each frame is a row and what is left of its targets; no recursion, since chains may be long.
        frames = [(root, iter(targets[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while frames:
            place, rest = frames[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    frames.append((target, iter(targets[target])))
                    break
                if target in on_stack:
                    low[place] = min(low[place], index[target])
            else:
                frames.pop()
                if frames:
                    above = frames[-1][0]
                    low[above] = min(low[above], low[place])
                if low[place] == index[place]:
                    group: list[int] = []
                    while not group or group[-1] != place:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    yield group
