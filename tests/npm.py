"""Tools from npm that tests run: each in a directory of its own, because they need different versions of the same."""

import shutil
import subprocess
from pathlib import Path

from tests.browser.chromium import missing

#: How long an installation or a run may take on a busy machine, in seconds; on a free one it takes twenty.
PATIENCE_S = 300


def installed(directory: Path) -> Path:
    """Install what a directory's ``package-lock.json`` names, if that is not done; the directory of its commands.

    Skips the test, or fails it in CI, where there is no npm.
    """
    if shutil.which("npm") is None:
        missing("There is no npm on this machine to install the tools with")
    modules = directory / "node_modules"
    # npm writes this file when it has installed all of it.
    done, wanted = modules / ".package-lock.json", directory / "package-lock.json"
    if not done.exists() or done.stat().st_mtime < wanted.stat().st_mtime:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    return modules / ".bin"
