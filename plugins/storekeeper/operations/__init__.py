"""One module an operation: joins store, warehouse and transforms, step by step, without Airflow."""
