"""``python -m streams``: a worker, with its store and settings named by the environment.

HEADWIND_STORE names the database, HEADWIND_CONFIG the settings; ``headwind worker --help`` tells
the rest.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from models.settings import Settings, SettingsError
from models.store import StoreError
from streams.worker.main import WorkerError, work


def main() -> int:
    """Work until told to stop; the exit code."""
    try:
        settings = Settings.load(Path(os.environ.get("HEADWIND_CONFIG", "headwind.toml")))
        work(os.environ.get("HEADWIND_STORE", "headwind.db"), settings)
    except (SettingsError, StoreError, WorkerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
