"""Files that are not the project's to ship, which some tests read where they lie beside it; see CONTRIBUTING.md."""

from pathlib import Path

import pytest

#: Beside the checkout, whatever that is called.
SHARED = Path(__file__).parents[2] / "shared"


def shared(name: str) -> Path:
    """A file or directory there; the test is skipped, and says so, where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared/{name} does not lie beside this checkout")
    return path
