-- Takes the whole store away, its history included: nothing came before it.
DROP TABLE idempotency, token, event_term, term, event, source, actor_name, actor, content, change, head;
