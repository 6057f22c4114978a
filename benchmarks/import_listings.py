"""``python -m benchmarks.import_listings [PRODUCTS ...]``: the parts that know sizes, pairs and memory."""

from __future__ import annotations

import sys

from benchmarks.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["pairs", "memory", *sys.argv[1:]]))
