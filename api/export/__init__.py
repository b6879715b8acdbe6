"""Events on their way out: walked in pages, written in a format, kept as releases. For HTTP and the command line."""
