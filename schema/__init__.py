"""The vocabulary of Dateline: pure values and wire types. Standard library and msgspec only, no I/O."""
