"""The store: client, pacing, paging. Knows nothing of the warehouse, pandas or Airflow."""
