"""The instrument that breaks things: every request and every statement of an operation as a place to fail.

An operation runs once undisturbed; each of its HTTP requests and SQL statements is then a point where it is killed, cut
off, refused or stalled, before and after the effect. After each, it is run again as Airflow would, and store, effects
log and warehouse are compared with the undisturbed run, row by row. ``python -m tests.chaos --help`` tells more.

The product has no hooks for this: requests are struck by the sandbox store, statements by a proxy in front of Postgres.
"""
