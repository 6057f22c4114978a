"""Thin Airflow operators: a run's parameters in, one step of an operation called, counts and progress out."""
