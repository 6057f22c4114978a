"""Run DAGs through Airflow, one after the other in one process.

``python -m stack.run_dags DAG_ID[=CONF] ...``: CONF is a run's parameters as JSON. What `airflow dags test` does,
without its start-up for each DAG. Exits non-zero when a run ends red.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence


def main(orders: Sequence[str]) -> int:
    """Run them until one ends red; an unknown id or an import error of the DAG files is an error, not a skip."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for file, error in bag.import_errors.items():
        print(f"{file}: {error}", file=sys.stderr)
    runs = [order.partition("=") for order in orders]
    missing = [dag_id for dag_id, _, _ in runs if dag_id not in bag.dags]
    if missing:
        print(f"no such DAG: {', '.join(missing)}", file=sys.stderr)
        return 1
    green = (bag.dags[dag_id].test(run_conf=json.loads(conf or "{}")).state == "success" for dag_id, _, conf in runs)
    return 0 if all(green) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
