"""Reports channel files that cannot be read as an import error in the UI; the other channels' DAGs are loaded."""

from storekeeper.channels import report_broken_channels

report_broken_channels()
