"""How much is tried of what has no end: random histories, lost answers, stopped writers, drawn requests.

1 for every change; ``.ci/run --full`` asks for more by ``STOREKEEPER_TEST_EFFORT``.
"""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("STOREKEEPER_TEST_EFFORT", "1"))
SEED = int(os.environ.get("STOREKEEPER_TEST_SEED", "1"))
"""Draws other samples than always the same."""
