"""Channel files that cannot be read show in Airflow's UI as an import error of this file; the other channels' DAGs load."""

from storekeeper.channels import report_broken_channels

report_broken_channels()
