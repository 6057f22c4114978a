"""One machine's stack: an embedded Postgres, Airflow, the sandbox store. For development, the demo and the tests."""
