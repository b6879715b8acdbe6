"""How values of our own travel in JSON: an EDTF date as its text."""

from typing import Any

import msgspec

from schema.edtf import Edtf, parse


def decode_hook(kind: type, value: Any) -> Any:
    """Read a value of a type that msgspec does not know; raises ``EdtfError`` (a ``ValueError``)."""
    if kind is Edtf:
        if not isinstance(value, str):
            raise ValueError("Expected a date as EDTF text")
        return parse(value)
    raise NotImplementedError(f"no wire form for {kind.__name__}")


def encode_hook(value: Any) -> Any:
    """Write a value of a type that msgspec does not know."""
    if isinstance(value, Edtf):
        return value.text
    raise NotImplementedError(f"no wire form for {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)


def encode(value: Any) -> bytes:
    """Write a value as JSON (UTF-8)."""
    return _ENCODER.encode(value)


def to_builtins(value: Any) -> Any:
    """Turn a value into what ``json`` would have read: dicts, lists, texts, numbers."""
    return msgspec.to_builtins(value, enc_hook=encode_hook)
