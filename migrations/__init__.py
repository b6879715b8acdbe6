"""Versions of the tables: plain SQL, up and down, run by alembic."""

#: The version that this code needs. A test holds it against the files in ``versions``.
NEWEST = "0007_words"
