"""Make what is not written by hand, of the contract and of the code for ``async``: before each build, if it is stale.

``python hatch_build.py`` does the same in a checkout.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PACKAGE = ROOT / "dateline_client"
GENERATED = PACKAGE / "generated"
SYNC = PACKAGE / "_sync"
#: Which files the code was made of, as a digest.
STAMP = GENERATED / "made_of.txt"

#: What makes the code for threads of the code for ``async``, examples in docstrings included.
SUBSTITUTIONS = (
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAwaitable\[([^\[\]]*(?:\[[^\[\]]*\])?[^\[\]]*)\]", r"\1"),
    (r"\bAsync([A-Z])", r"\1"),
    (r"\b__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\ba(close|closing|read|connect_sse|iter_sse)\b", r"\1"),
    (r"\basyncio\.run\((\w+)\(\)\)", r"\1()"),
    (r"\basyncio\b", "time"),
    (r"\b_async\b", "_sync"),
)
#: What the client sets itself, or does not take.
OWN_PARAMETERS = {"limit", "cursor", "format"}
#: Parameters that are texts in the contract, and that Python has other types for, too.
WIDER = {"as_of": "int | str | datetime", "updated_from": "str | datetime"}
#: What is said of the whole of a list, and has no place where only its items are given.
OF_THE_WHOLE = "count"


def contract_file() -> Path:
    """The contract: a source distribution has its own, a checkout has that of the service."""
    inside = ROOT / "openapi.yaml"
    return inside if inside.exists() else ROOT.parent / "openapi.yaml"


def read_contract() -> dict[str, Any]:
    """Read the contract; where PyYAML was built without libyaml, that takes longer."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = contract_file().read_text(encoding="utf-8")
    contract: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 -- both are safe
    return contract


def inputs_digest() -> str:
    """Tell whether any of what the code is made of has changed."""
    files = [
        *(contract_file(), ROOT / "openapi-python-client.yaml", Path(__file__)),
        *sorted((ROOT / "templates").iterdir()),
        *sorted((PACKAGE / "_async").glob("*.py")),
    ]
    digest = hashlib.sha256(f"openapi-python-client {version('openapi-python-client')}\n".encode())
    for file in files:
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_current(digest: str) -> bool:
    """Tell whether all of the code is there, made of what has this digest."""
    names = [{file.name for file in directory.glob("*.py")} for directory in (PACKAGE / "_async", SYNC)]
    return STAMP.exists() and STAMP.read_text() == digest and names[0] == names[1]


def generate() -> None:
    """Make all of it, unless it is there and current."""
    digest = inputs_digest()
    if is_current(digest):
        return
    # If this stops halfway, nothing is left that could be taken for whole.
    STAMP.unlink(missing_ok=True)
    for made in (GENERATED, SYNC):
        shutil.rmtree(made, ignore_errors=True)
    contract = read_contract()
    _generate_models(contract)
    (GENERATED / "parameters.py").write_text(_parameters(contract), encoding="utf-8")
    _make_sync()
    STAMP.write_text(digest)


def _generate_models(contract: dict[str, Any]) -> None:
    with TemporaryDirectory() as directory:
        document = Path(directory, "openapi.json")
        document.write_text(json.dumps(_in_one_form(contract), default=str), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--overwrite"),
            *("--path", str(document), "--output-path", str(GENERATED), "--fail-on-warning"),
            *("--config", str(ROOT / "openapi-python-client.yaml"), "--custom-template-path", str(ROOT / "templates")),
        ]
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- all of it ours
        if run.returncode != 0:
            raise SystemExit(f"The code could not be made of {contract_file()}:\n{run.stdout}{run.stderr}")


def _in_one_form(contract: dict[str, Any]) -> dict[str, Any]:
    """Leave one form for each body: JSON, where there is that.

    The client needs no other, and the generator writes code that fails for some bodies with several.
    """
    for operation in _operations(contract):
        for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
            content = body.get("content")
            if content:
                form = "application/json" if "schema" in content.get("application/json", {}) else next(iter(content))
                body["content"] = {form: content[form]}
    return contract


def _operations(contract: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for path in contract["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]


def _parameters(contract: dict[str, Any]) -> str:
    """Write the parameters of each read as a TypedDict, for keywords of one method, and what members are read-only."""
    schemas = contract["components"]["schemas"]
    imported: set[str] = set()
    repeated: set[str] = set()
    classes = []
    for operation in _operations(contract):
        lines = {}
        for parameter in operation.get("parameters", ()):
            name, schema = parameter["name"], parameter["schema"]
            if parameter["in"] != "query" or name in OWN_PARAMETERS:
                continue
            if schema.get("type") == "array":
                repeated.add(name)
            told = re.sub(r"\s+", " ", parameter["description"]).replace("\\", "\\\\").replace('"', r"\"")
            type_name = WIDER.get(name) or _type_of(schema, schemas, imported)
            lines[name] = f'    {name}: {type_name}\n    """{told}"""'
        if lines:
            classes += _classes(operation["operationId"], lines)
    names = "".join(f"    {name},\n" for name in sorted(imported))
    return "\n\n".join(
        [
            '"""Parameters of the operations, by keyword."""\n',
            "from collections.abc import Sequence\nfrom datetime import datetime\n"
            "from typing import TypedDict\nfrom uuid import UUID\n",
            f"from .models import (\n{names})\n",
            f"#: Those that may have several values.\nREPEATED = frozenset({sorted(repeated)})\n",
            f"#: Members that only the service sets, of each kind of record.\n{_read_only(schemas)}\n",
            *classes,
        ]
    )


def _classes(operation_id: str, lines: dict[str, str]) -> list[str]:
    """Write the parameters of an operation; those without what is said of the whole, where it has that, apart."""
    name = operation_id[0].upper() + operation_id[1:]
    head = f'class {name}(TypedDict, total=False):\n    """Parameters of {operation_id}."""\n'
    if OF_THE_WHOLE not in lines:
        return ["\n".join([head, *lines.values()])]
    of_the_whole = lines.pop(OF_THE_WHOLE)
    items = (
        f'class {name}Items(TypedDict, total=False):\n    """Parameters of {operation_id}, for its items alone."""\n'
    )
    return ["\n".join([items, *lines.values()]), "\n".join([head.replace("TypedDict", f"{name}Items"), of_the_whole])]


def _read_only(schemas: dict[str, Any]) -> str:
    rows = ""
    for name, schema in sorted(schemas.items()):
        if name.endswith("Replacement"):
            members = sorted(member for member, told in schema["properties"].items() if told.get("readOnly"))
            rows += f"    {name.removesuffix('Replacement')!r}: frozenset({members}),\n"
    return f"READ_ONLY = {{\n{rows}}}"


def _type_of(schema: dict[str, Any], schemas: dict[str, Any], imported: set[str]) -> str:
    if schema.get("type") == "array":
        item = _type_of(schema["items"], schemas, imported)
        return f"{item} | Sequence[{item}]"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if "enum" not in schemas[name]:
            return _type_of(schemas[name], schemas, imported)
        imported.add(name)
        return str(name)
    if schema.get("format") == "uuid":
        return "UUID | str"
    return {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}[schema["type"]]


def _make_sync() -> None:
    SYNC.mkdir()
    for file in sorted((PACKAGE / "_async").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for pattern, replacement in SUBSTITUTIONS:
            text = re.sub(pattern, replacement, text)
        (SYNC / file.name).write_text(text, encoding="utf-8")


class GenerateHook(BuildHookInterface):
    """The step that the build backend takes before each build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the code; a source distribution gets the contract instead."""
        if self.target_name == "sdist":
            build_data["force_include"][str(contract_file())] = "openapi.yaml"
        else:
            generate()


if __name__ == "__main__":
    generate()
