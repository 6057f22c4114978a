"""A file of a channel or feed that cannot be read shows as an import error of this one in Airflow; other DAGs load."""

from storekeeper.channels import report_broken_files

report_broken_files()
