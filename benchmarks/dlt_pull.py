"""What a user of dlt would write for the same products; run by a Python that need not have anything of ours.

``python dlt_pull.py STORE_URL FOLDER``; ``BENCHMARK_WAREHOUSE`` names the database. Merged by id, as an import that may
be repeated must be.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.sources.rest_api import rest_api_source

TOKEN = "sandbox-token"  # noqa: S105


def main(store_url: str, folder: str) -> None:
    """Pull, and print the seconds and the peak of memory above the imports."""
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{store_url}/v3/",
                "headers": {"X-Auth-Token": TOKEN},
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "total_path": "meta.pagination.total_pages",
                },
            },
            "resources": [
                {
                    "name": "products",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "catalog/products",
                        "params": {"include": "variants,images,custom_fields", "limit": 250},
                        "data_selector": "data",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(os.environ["BENCHMARK_WAREHOUSE"]),
        dataset_name="catalog",
    )
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, began = _memory_mib("VmRSS"), time.monotonic()
    pipeline.run(source).raise_on_failed_jobs()
    seconds, peak = time.monotonic() - began, _memory_mib("VmHWM")
    print(json.dumps({"seconds": seconds, "mib": peak - before}))


def _memory_mib(field: str) -> float:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
