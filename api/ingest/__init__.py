"""Many events at once: read row by row, written in as few statements as can be. For HTTP and the command line."""
