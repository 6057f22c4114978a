"""``docs/dags.md``, from the DAGs as Airflow parses them for the shipped channel."""

from __future__ import annotations

import ast
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from docs.papers import CannotBeWritten
from docs.papers.markdown import table
from stack.places import PROJECT

CHANNEL = "demo"

TYPES = {
    "array": "a list of text",
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "object": "a group of settings",
    "string": "text",
}

INTRODUCTION = """# DAGs

Written by `make docs` from the DAG files, the operators and the settings; do not edit.

Each operation has one DAG for each channel, `{operation}__{channel}`; what serves all channels has a single one.
Schedules and defaults below are those of the shipped files, `include/channels/demo.yaml` and `include/feeds`; your own
decide, see [settings.md](settings.md). A parameter is given in the trigger form, or to `airflow dags trigger` by
`--conf '{"dry_run": true}'`.
"""


def dags_paper(folder: Path = PROJECT / "dags") -> str:
    """``docs/dags.md``, whole. Needs no metadata database and no connection.

    :raises CannotBeWritten: a DAG file cannot be imported, or there is no DAG.
    """
    lines = [INTRODUCTION]
    with _airflow_alone():
        for dag in _parse(folder):
            lines += _section(dag)
    return "\n".join(lines).rstrip() + "\n"


@contextmanager
def _airflow_alone() -> Iterator[None]:
    """An environment in which only what is shipped decides: not the caller's Airflow, and none of his channels."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        (home / "channels").mkdir()
        shutil.copy(PROJECT / "include" / "channels" / f"{CHANNEL}.yaml", home / "channels")
        for name in before:
            if name.startswith(("AIRFLOW", "STOREKEEPER")):
                del os.environ[name]
        os.environ |= {
            "AIRFLOW_HOME": made,
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/none/airflow.db",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "STOREKEEPER_CHANNELS_DIR": str(home / "channels"),
        }
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _parse(folder: Path) -> list[Any]:
    # Airflow takes seconds to import, and reads its environment when it is.
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder))
    for file, error in sorted(bag.import_errors.items()):
        raise CannotBeWritten(f"dags/{Path(file).name} cannot be imported: {error.strip().splitlines()[-1]}")
    if not bag.dags:
        raise CannotBeWritten(f"{folder} makes no DAG of channel {CHANNEL!r}")
    return [bag.dags[dag_id] for dag_id in sorted(bag.dags)]


def _section(dag: Any) -> list[str]:
    operation = dag.dag_id.removesuffix(f"__{CHANNEL}")
    dag_id = dag.dag_id.replace(f"__{CHANNEL}", "__{channel}")
    documentation = ast.get_docstring(ast.parse(Path(dag.fileloc).read_text("utf-8"))) or ""
    schedule = "only when triggered" if dag.schedule is None else f"`{dag.schedule}` (cron, UTC)"
    missed = "caught up" if dag.catchup else "not caught up"
    tasks = dag.topological_sort()
    return [
        f"## {dag.dag_display_name.removesuffix(f': {CHANNEL}')}",
        "",
        f"`{dag_id}`",
        "",
        documentation,
        "",
        f"- Schedule: {schedule}. Runs that were missed are {missed}.",
        f"- Runs at a time: {dag.max_active_runs}. A run may take {_long(dag.dagrun_timeout)}.",
        *_policies(tasks),
        "",
        "### Tasks",
        "",
        *table(
            ("task", "what it does", "tried again", "may take"),
            [(f"`{one.task_id}`", _first_paragraph(one), _retries(one), _long(one.execution_timeout)) for one in tasks],
        ),
        "",
        "### Parameters of a run",
        "",
        *table(
            ("parameter", "in the form", "type", "default", "meaning"),
            [_parameter(operation, name, dag.params.get_param(name)) for name in dag.params],
        ),
        "",
    ]


def _first_paragraph(task: Any) -> str:
    return str(task.doc_md or "").strip().partition("\n\n")[0]


def _retries(task: Any) -> str:
    return f"{task.retries} times, after {_long(task.retry_delay)}" if task.retries else "no"


def _policies(tasks: Iterable[Any]) -> list[str]:
    """Which errors are treated otherwise, said once for the tasks that do alike."""
    alike: dict[str, list[str]] = {}
    for task in tasks:
        rules: dict[str, list[str]] = {}
        for rule in task.retry_policy.rules if task.retry_policy else ():
            delay = f"{_long(rule.retry_delay)} " if rule.retry_delay else ""
            then = "not tried again after" if rule.action.value == "fail" else f"tried again {delay}after"
            rules.setdefault(then, []).append(f"`{rule.exception_path.rpartition('.')[2]}`")
        said = "; ".join(f"{then} {', '.join(kinds)}" for then, kinds in rules.items())
        if said:
            alike.setdefault(said, []).append(f"`{task.task_id}`")
    return [f"- {', '.join(named)}: {said}." for said, named in alike.items()]


def _parameter(operation: str, name: str, param: Any) -> tuple[str, str, str, str, str]:
    kinds = param.schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    choices = ", ".join(f"`{choice}`" for choice in param.schema.get("enum", ()))
    allowed = choices or (", or " if param.schema.get("examples") else " or ").join(
        _entries(param) if kind == "array" else TYPES[kind] for kind in kinds
    )
    default = f"`{json.dumps(param.value)}`"
    if "object" in kinds:
        default = f"see [settings.md](settings.md#{operation}{name})"
    return f"`{name}`", param.schema.get("title", ""), allowed, default, param.description or ""


def _entries(param: Any) -> str:
    """A list: what the form offers for it, where it offers something."""
    labels = param.schema.get("values_display", {})
    offered = [f"`{one}`{labels.get(one, '').removeprefix(one)}" for one in param.schema.get("examples", ())]
    return f"a list of {', '.join(offered)}" if offered else TYPES["array"]


def _long(duration: timedelta | None) -> str:
    if duration is None:
        return "any time"
    seconds = int(duration.total_seconds())
    for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    raise AssertionError("a duration has whole seconds")
