# Storekeeper on Airflow: one image for every service of docker-compose.yaml.
FROM python:3.11-slim-bookworm AS build

WORKDIR /opt/storekeeper
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt pyproject.toml ./
# the lock is complete: left to look for itself, pip asks for hashes of newer versions than those that are pinned
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --no-compile --disable-pip-version-check \
        --no-deps --require-hashes -r requirements.txt
COPY plugins plugins
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable .


FROM python:3.11-slim-bookworm

# The number is that of Airflow's own images; the volume of the logs belongs to it.
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --create-home --shell /usr/sbin/nologin airflow \
    && mkdir -p /opt/airflow/logs && chown -R 50000:0 /opt/airflow
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/storekeeper
COPY pyproject.toml ./
COPY plugins plugins
COPY dags dags
COPY include include
COPY sandbox sandbox
COPY deploy deploy
# the services see a read-only file system: compile once, here
RUN /opt/venv/bin/python -m compileall -q /opt/venv/lib dags plugins sandbox
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/storekeeper/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/storekeeper/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
USER 50000:0
CMD ["airflow", "version"]
