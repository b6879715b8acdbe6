"""Versions of the tables: plain SQL, up and down, run by alembic."""
