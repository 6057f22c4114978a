#!/bin/sh
# The role that Storekeeper works with: it owns its schemas and makes the roles analyst and engineer, and is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/warehouse_password)" <<'SQL'
create role storekeeper login createrole password :'password';
grant create on database warehouse to storekeeper;
revoke connect on database postgres from public;
SQL
