"""Pages that Airflow's API server mounts: connecting a store."""
