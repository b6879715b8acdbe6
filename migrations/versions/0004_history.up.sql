-- Reading the past.

-- What became of a record, in order, with what brought it into sight: such a change has no type of its own.
CREATE INDEX change_record ON change (entity, entity_id, sequence);
