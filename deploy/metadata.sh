#!/bin/sh
# The workers' results have a database and a role of their own: a worker cannot read Airflow's metadata.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/celery_password`
create role celery login password :'password';
create database celery owner celery;
revoke connect on database airflow, postgres from public;
SQL
