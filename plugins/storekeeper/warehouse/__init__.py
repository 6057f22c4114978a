"""Postgres: staging by COPY, named SQL, runs and problems. Knows nothing of the store or of Airflow."""
