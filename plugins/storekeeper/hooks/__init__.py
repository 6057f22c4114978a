"""Airflow connections become a store client and a warehouse."""
