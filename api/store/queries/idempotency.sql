-- Answers that are kept for requests that are sent again.

-- name: lock
-- Held to the end of the transaction, by whichever process; false if another one holds it.
SELECT pg_try_advisory_xact_lock($1);

-- name: find
SELECT request, status, headers, body FROM idempotency WHERE scope = $1 AND part = $2 AND expires_at > now();

-- name: keep
INSERT INTO idempotency (scope, part, request, status, headers, body, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval)
ON CONFLICT (scope, part) DO UPDATE SET request = excluded.request, status = excluded.status,
    headers = excluded.headers, body = excluded.body, expires_at = excluded.expires_at;

-- name: purge
-- A bounded piece of what has expired; each request that keeps an answer takes away more than it adds.
DELETE FROM idempotency USING (
    SELECT scope, part FROM idempotency WHERE expires_at <= now() ORDER BY expires_at LIMIT 100
    FOR UPDATE SKIP LOCKED
) AS expired
WHERE idempotency.scope = expired.scope AND idempotency.part = expired.part;
