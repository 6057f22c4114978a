"""A channel file that cannot be read shows in Airflow's UI as an import error of this file; all other DAGs load."""

from storekeeper.channels import report_broken_channels

report_broken_channels()
