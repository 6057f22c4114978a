"""How long Airflow takes to read the DAG files, with one channel and with a hundred."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.airflow_process import AirflowProcess, write_channel
from benchmarks.table import Table

CHANNELS = 100
REPETITIONS = 3


def measure_parsing() -> None:
    """Measure and print; everything is imported before, as it is in Airflow's own DAG processor."""
    table = Table("Parsing the DAG files, seconds", ("repetition", "1 channel", f"{CHANNELS} channels", "difference"))
    differences = []
    with tempfile.TemporaryDirectory(prefix="benchmark") as folder:
        one, many = Path(folder, "one"), Path(folder, "many")
        write_channel(one, "shop")
        for number in range(CHANNELS):
            write_channel(many, f"shop_{number}")
        with AirflowProcess(Path(folder, "airflow"), one) as airflow:
            for repetition in range(1, REPETITIONS + 1):
                (dags_of_one, of_one), (dags_of_many, of_many) = airflow.parse(one), airflow.parse(many)
                if dags_of_many != CHANNELS * dags_of_one:
                    raise RuntimeError(f"{dags_of_many} DAGs of {CHANNELS} channels, {dags_of_one} of one")
                differences.append(of_many - of_one)
                table.row(repetition, of_one, of_many, differences[-1])
    table.row("median", None, None, median(differences))
