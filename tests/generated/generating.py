"""Clients as they are generated: by the commands of docs/clients.md, each in a directory of its own."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.browser.chromium import missing
from tests.engine.support import ROOT
from tests.npm import installed

HERE = Path(__file__).parent
#: How long a generator or a compiler may take on a busy machine, in seconds; on a free one it takes twenty.
PATIENCE_S = 300
#: Where the commands of Python are.
_COMMANDS = Path(sys.executable).parent


class Client(NamedTuple):
    """A generated client and the program on it, ready to be run."""

    directory: Path
    said: str
    """All that the generator said."""
    program: Sequence[str]

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command where the client is."""
        return _run(self.directory, command, **environment)

    def python(self, code: str) -> str:
        """What some Python says that can import the client."""
        run = self.run(sys.executable, "-W", "error", "-c", code)
        assert run.returncode == 0, run.stderr[-5000:]
        return run.stdout


def openapi_python_client(directory: Path) -> Client:
    require("openapi-python-client")
    said = _generate(directory, "Python, with openapi-python-client")
    return Client(directory, said, _python_program(directory, "with_openapi_python_client.py"))


def openapi_generator(directory: Path) -> Client:
    require("openapi-generator-cli")
    said = _generate(directory, "Python, with openapi-generator")
    return Client(directory, said, _python_program(directory, "with_openapi_generator.py"))


def openapi_typescript(directory: Path) -> Client:
    source = HERE / "typescript"
    installed(source)
    for name in ("package.json", "tsconfig.json", "program.ts"):
        shutil.copy(source / name, directory)
    (directory / "node_modules").symlink_to(source / "node_modules")
    # The second of its commands compiles, strictly.
    said = _generate(directory, "TypeScript, with openapi-typescript and openapi-fetch")
    return Client(directory, said, ("node", "compiled/program.js"))


def require(command: str) -> None:
    """Skip the test, or fail it in CI, where a command of Python's is not installed."""
    if not (_COMMANDS / command).exists():
        missing(f"{command} is not installed: `make generators` does it")


def _python_program(directory: Path, name: str) -> Sequence[str]:
    shutil.copy(HERE / "programs" / name, directory)
    return (sys.executable, "-W", "error", name)


def _generate(directory: Path, heading: str) -> str:
    """Run the commands that the document has under a heading; what they say."""
    document = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    section = document.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert block is not None, heading
    shutil.copy(ROOT / "openapi.yaml", directory)
    said = ""
    for line in block[1].splitlines():
        run = _run(directory, shlex.split(line))
        assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-5000:]
        said += run.stdout + run.stderr
    return said


def _run(directory: Path, command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": f"{_COMMANDS}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
