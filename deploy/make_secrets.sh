#!/bin/sh
# Passwords, keys and addresses for docker-compose.yaml, each a file of ./secrets; what is there already stays.
# Where a part is elsewhere, say so the first time: METADATA=host:port WAREHOUSE=host:port REDIS=host:port.
set -eu
cd "${1:-$(dirname "$0")/..}"
# Compose mounts the files with their own rights, for users of the containers: the folder is what keeps others out.
umask 077
mkdir -p secrets
chmod 700 secrets
cd secrets

keep() { # keep NAME COMMAND...: the file NAME holds what the command says, unless it is there
    name=$1
    shift
    if [ ! -s "$name" ]; then
        "$@" > ".$name"
        chmod 644 ".$name"
        mv ".$name" "$name"
    fi
}
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
fernet() { head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

for name in admin metadata celery warehouse_admin warehouse redis; do
    keep "${name}_password" random
done
keep api_secret_key random
keep jwt_secret random
keep fernet_key fernet

metadata=${METADATA:-metadata:5432}
keep airflow_database printf '%s' "postgresql+psycopg2://airflow:$(cat metadata_password)@$metadata/airflow"
keep airflow_database_async printf '%s' "postgresql+asyncpg://airflow:$(cat metadata_password)@$metadata/airflow"
keep celery_results printf '%s' "db+postgresql+psycopg://celery:$(cat celery_password)@$metadata/celery"
keep celery_broker printf '%s' "redis://:$(cat redis_password)@${REDIS:-redis:6379}/0"
keep connections.yaml printf '%s\n' \
    "storekeeper_warehouse: postgresql://storekeeper:$(cat warehouse_password)@${WAREHOUSE:-warehouse:5432}/warehouse"
