-- Who may write.

-- name: find
SELECT id, owner, scopes, created_at, expires_at, revoked_at FROM token
WHERE digest = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: in_force
SELECT EXISTS (
    SELECT FROM token WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
);

-- name: create
INSERT INTO token (id, owner, scopes, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, now(), $5);

-- name: list
SELECT id, owner, scopes, created_at, expires_at, revoked_at FROM token ORDER BY created_at DESC, id DESC;

-- name: revoke
UPDATE token SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id;
