#!/bin/sh
# The role that Storekeeper works with: it owns its schemas, and is no superuser. The roles of people are made here, so
# that a backup can be restored into an empty server.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/warehouse_password`
create role storekeeper login createrole password :'password';
create role analyst nologin;
create role engineer nologin;
grant create on database warehouse to storekeeper;
revoke connect on database postgres from public;
SQL
