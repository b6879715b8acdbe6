"""The contract as tests hold answers against it: without room for members that it does not name.

It leaves that room to answers of later versions. What this one answers is described to the last member.
"""

import json
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]


def closed(contract: Json) -> Json:
    """Refuse members that a type does not name, in answers as in bodies; maps and files have any."""
    schemas = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in contract["components"]["schemas"].items()
    }
    return {**contract, "components": {**contract["components"], "schemas": schemas}}


def write_closed(contract: Path, target: Path) -> Path:
    """Write a contract (YAML) closed, as JSON; gives the target."""
    read = yaml.load(contract.read_text(encoding="utf-8"), yaml.CSafeLoader)
    target.write_text(json.dumps(closed(read)), encoding="utf-8")
    return target
