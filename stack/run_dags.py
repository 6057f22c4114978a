"""Run DAGs through Airflow one after the other in one process: ``python -m stack.run_dags DAG_ID ...``.

What `airflow dags test` does, without its start-up for each DAG. Exits non-zero when a run ends red.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(dag_ids: Sequence[str]) -> int:
    """Run them; an unknown id or an import error of the DAG files is an error, not a skip."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for file, error in bag.import_errors.items():
        print(f"{file}: {error}", file=sys.stderr)
    missing = [dag_id for dag_id in dag_ids if dag_id not in bag.dags]
    if missing:
        print(f"no such DAG: {', '.join(missing)}", file=sys.stderr)
        return 1
    states = [bag.dags[dag_id].test().state for dag_id in dag_ids]
    return 0 if all(state == "success" for state in states) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
