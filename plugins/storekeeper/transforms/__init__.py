"""Pure pandas: named frames in, named frames and problems out. No network, no database, no Airflow."""
