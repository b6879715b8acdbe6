"""The Dateline application: HTTP, storage, engine and command line around the vocabulary in ``schema``."""
