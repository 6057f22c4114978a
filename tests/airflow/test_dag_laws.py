"""What holds for each DAG, whatever its operation and however many channels there are."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stack.places import PROJECT
from storekeeper import outcomes
from storekeeper.channels import load_channels, load_inventory_feed
from storekeeper.settings import ListingAction, run_parameters
from tests.airflow.conftest import airflow_environment, write_channel
from tests.airflow.forks import Forks

DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))
OPERATIONS = (
    "import_listings",
    "get_orders",
    "load_listings",
    "load_shipments",
    "sync_listings",
    "publish_listings",
    "change_listing_status",
    "sync_orders",
)
SHARED = ("forget_shopper", "load_inventory")
OTHER_THAN_DEFAULT = {
    "import_listings": {
        "schedule": "15 4 * * 1",
        "master_sku": "upc",
        "mode": "create_and_overwrite",
        "overwrite": {"price": "skip"},
        "new_listings_paused": False,
        "max_renamed_share": 0.5,
        "max_gone_share": 1.0,
        "problems_fail_run": True,
        "readers": 2,
    }
}
THIS_RUN = {
    "import_listings": {"skus": [], "dry_run": False, "confirm_large_change": False},
    "load_listings": {"dry_run": False, "confirm_large_change": False},
    "load_shipments": {"dry_run": False, "confirm_large_change": False},
    "sync_listings": {"skus": [], "dry_run": False, "confirm_large_change": False},
    "publish_listings": {"skus": [], "dry_run": False, "confirm_large_change": False},
    "change_listing_status": {
        "action": None,
        "skus": [],
        "whole_listing": False,
        "dry_run": False,
        "confirm_large_change": False,
    },
    "get_orders": {"order_ids": [], "created_from": None, "created_to": None, "dry_run": False},
    "sync_orders": {"order_ids": [], "settle": [], "dry_run": False},
}


def parse() -> Any:
    """The DAG files as Airflow reads them, import errors included."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(PROJECT / "dags"))


@pytest.fixture(scope="module")
def two_channels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The directory of a channel with its own settings and of one that has the defaults, and their DAGs."""
    directory = tmp_path_factory.mktemp("two channels")
    write_channel(directory, "acme", connection_id="acme_store", **OTHER_THAN_DEFAULT)
    write_channel(directory, "plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOREKEEPER_CHANNELS_DIR", str(directory))
        bag = parse()
    assert bag.import_errors == {}
    return directory, dict(bag.dags)


@pytest.fixture
def dags(two_channels: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The DAGs of those channels, which no test changes."""
    directory, parsed = two_channels
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(directory))
    return parsed


# --- which DAGs there are ---


@pytest.fixture(scope="module")
def parsed(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """What a process finds for so many channels whose sockets refuse to connect and whose metadata database is not
    there.
    """
    folder = tmp_path_factory.mktemp("parsed")
    for count in (1, 100):
        for number in range(count):
            write_channel(folder / str(count), f"shop_{number}")
    environment = airflow_environment(folder / "home") | {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody@127.0.0.1:1/nothing",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
    }
    found = forks.find("look", [str(folder / "1"), str(folder / "100")], environment, folder, warm=False)
    return dict(zip((1, 100), found["parsed"], strict=True))


@pytest.mark.parametrize("count", [1, 100])
def test_each_channel_has_one_dag_of_each_operation_and_there_are_no_others(parsed: dict[int, Any], count: int) -> None:
    assert parsed[count]["import_errors"] == {}
    names = [f"shop_{number}" for number in range(count)]
    assert parsed[count]["dag_ids"] == sorted(
        [*(f"{operation}__{name}" for operation in OPERATIONS for name in names), *SHARED]
    )


def test_the_files_parse_without_any_connection(parsed: dict[int, Any]) -> None:
    """How long that takes is measured by ``make bench``."""
    assert {count: len(found["dag_ids"]) for count, found in parsed.items()} == {
        count: count * len(OPERATIONS) + len(SHARED) for count in (1, 100)
    }


def test_the_shipped_channel_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOREKEEPER_CHANNELS_DIR", raising=False)
    bag = parse()
    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{operation}__demo" for operation in OPERATIONS} | {*SHARED}


# --- a channel file that cannot be read ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "channel: broken\nimport_listings:\n  readers: 99\n",
            "channel 'broken': {file}: import_listings.readers: Input should be less than or equal to 16 (got 99)",
        ),
        (
            "channel: broken\nimport_listing:\n  readers: 2\n",
            "channel 'broken': {file}: import_listing: is not a known setting (got {{'readers': 2}})",
        ),
        (
            "channel: broken\nimport_listings:\n  schedule: hourly\n",
            "channel 'broken': {file}: import_listings.schedule: must be a cron expression of five fields, such as"
            " '0 3 * * *', or null for none (got 'hourly')",
        ),
        (
            "channel: other\n",
            "channel 'other': {file}: channel: must equal the file's name (got 'other', expected 'broken')",
        ),
        ("channel: broken\nchannel: broken\n", "{file}: is not valid YAML: "),
    ],
)
def test_a_broken_channel_file_is_one_import_error_and_all_other_dags_load(
    channels: Path, content: str, said: str
) -> None:
    write_channel(channels, "good")
    (channels / "broken.yaml").write_text(content)
    bag = parse()
    assert set(bag.dags) == {f"{operation}__good" for operation in OPERATIONS} | {*SHARED}
    (file,) = bag.import_errors
    assert Path(file).name == "channel_settings.py"
    assert said.format(file=channels / "broken.yaml") in bag.import_errors[file]


def test_two_broken_channel_files_are_both_named(channels: Path) -> None:
    write_channel(channels, "good")
    write_channel(channels, "first", location_id=0)
    write_channel(channels, "second", store_channel_id="one")
    (error,) = parse().import_errors.values()
    assert f"channel 'first': {channels / 'first.yaml'}: location_id: " in error
    assert f"channel 'second': {channels / 'second.yaml'}: store_channel_id: " in error


def test_a_missing_channels_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(tmp_path / "nowhere"))
    bag = parse()
    assert set(bag.dags) == {*SHARED}
    (error,) = bag.import_errors.values()
    assert f"{tmp_path / 'nowhere'}: the channels directory does not exist (STOREKEEPER_CHANNELS_DIR)" in error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("path: 7\n", "{file}: path: Input should be a valid string (got 7)"),
        ("pathh: stock.csv\n", "{file}: pathh: is not a known setting (got 'stock.csv')"),
        ("path: [stock.csv\n", "{file}: is not valid YAML: "),
    ],
)
def test_a_broken_feed_file_is_one_import_error_and_all_other_dags_load(
    channels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str
) -> None:
    write_channel(channels, "good")
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "inventory.yaml").write_text(content)
    monkeypatch.setenv("STOREKEEPER_FEEDS_DIR", str(feeds))
    bag = parse()
    assert set(bag.dags) == {f"{operation}__good" for operation in OPERATIONS} | {*SHARED} - {"load_inventory"}
    ((file, error),) = bag.import_errors.items()
    assert Path(file).name == "channel_settings.py"
    assert said.format(file=feeds / "inventory.yaml") in error


# --- what a DAG is ---


def test_each_dag_says_whose_it_is_and_what_it_does(dags: dict[str, Any]) -> None:
    assert len(dags) == 2 * len(OPERATIONS) + len(SHARED)
    for dag_id, dag in dags.items():
        operation, _, channel = dag_id.partition("__")
        assert dag.owner == "storekeeper"
        assert dag.tags == {"storekeeper", operation, channel} - {""}
        source = next(file for file in DAG_FILES if file.stem == operation)
        documentation = ast.get_docstring(ast.parse(source.read_text()))
        assert documentation is not None
        assert documentation in dag.doc_md
        assert dag.description == documentation.splitlines()[0]
        assert dag.dag_display_name == operation.replace("_", " ").title() + (f": {channel}" if channel else "")
    assert "connection `acme_store`" in dags["import_listings__acme"].doc_md
    assert "acme.yaml" in dags["import_listings__acme"].doc_md
    assert "connection `bigcommerce_plain`" in dags["import_listings__plain"].doc_md


def limit(task: Any) -> timedelta:
    """How long a task may take; one that waits for a person is bounded by the time for the answer."""
    return getattr(task, "response_timeout", None) or task.execution_timeout


def test_one_run_of_a_dag_at_a_time_none_for_the_past_and_none_for_ever(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.max_active_runs == 1
        assert dag.catchup is False
        assert timedelta(minutes=5) < dag.dagrun_timeout <= timedelta(hours=24)
        assert all(limit(task) < dag.dagrun_timeout for task in dag.tasks)


def test_the_schedule_is_the_channels_own(dags: dict[str, Any], channels: Path) -> None:
    assert dags["import_listings__acme"].timetable.expression == "15 4 * * 1"
    assert dags["import_listings__plain"].timetable.expression == "0 2 * * *"
    write_channel(channels, "unscheduled", import_listings={"schedule": None})
    assert parse().dags["import_listings__unscheduled"].schedule is None


def test_the_steps_of_an_import_follow_each_other(dags: dict[str, Any]) -> None:
    dag = dags["import_listings__plain"]
    assert [task.task_id for task in dag.topological_sort()] == ["extract", "transform", "load"]
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "extract": {"transform"},
        "transform": {"load"},
        "load": set(),
    }


def test_each_task_has_repeats_a_limit_and_a_policy(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert task.owner == "storekeeper"
            assert task.retries == 2
            assert timedelta(0) < task.retry_delay <= timedelta(minutes=5)
            assert timedelta(minutes=5) < limit(task) <= timedelta(hours=12)
            assert task.retry_policy is not None


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (outcomes.AccessLost, "fail"),
        (outcomes.SettingsError, "fail"),
        (outcomes.ConnectionMissing, "retry"),  # Airflow says so too while its own database is down
        (outcomes.RunStopped, "fail"),
        (outcomes.RunSuperseded, "fail"),
        (outcomes.PagingStuck, "fail"),
        (outcomes.ProblemsLeft, "fail"),
        (outcomes.FeedRefused, "fail"),
        (outcomes.Refused, "fail"),
        (outcomes.NotNow, "retry"),
        (outcomes.Unknown, "default"),
        (outcomes.WarehouseUnavailable, "default"),
        (MemoryError, "default"),
    ],
)
def test_what_a_repeat_cannot_mend_is_not_repeated(dags: dict[str, Any], error: type[Exception], action: str) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert task.retry_policy.evaluate(error("as it happened"), try_number=1, max_tries=2).action.value == action


# --- the trigger form ---


def test_the_form_has_what_narrows_a_run_and_each_setting_that_a_run_may_override(dags: dict[str, Any]) -> None:
    for channel in load_channels():
        for operation in OPERATIONS:
            settings = getattr(channel, operation)
            expected = THIS_RUN[operation] | {
                name: settings.model_dump(mode="json")[name] for name in run_parameters(type(settings))
            }
            assert dags[f"{operation}__{channel.channel}"].params.dump() == expected
    form = dags["import_listings__acme"].params.dump()
    assert (form["master_sku"], form["readers"], form["max_gone_share"]) == ("upc", 2, 1.0)
    assert (form["overwrite"]["price"], form["overwrite"]["title"]) == ("skip", "update")
    assert "schedule" not in form


def test_each_field_of_the_form_has_a_type_a_title_a_description_and_a_section(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for name in dag.params:
            field = dag.params.get_param(name)
            assert field.schema.get("type"), name
            assert (field.description or "").strip(), f"{name}: description"
            for text in ("title", "section"):
                assert field.schema.get(text, "").strip(), f"{name}: {text}"
    choices = {
        name: dags["import_listings__plain"].params.get_param(name).schema.get("enum")
        for name in ("master_sku", "mode")
    }
    assert choices == {"master_sku": ["sku", "upc", "mpn"], "mode": ["create_only", "create_and_overwrite"]}


def test_the_form_of_a_feed_has_its_settings_and_what_tries_or_confirms_a_run(dags: dict[str, Any]) -> None:
    feed = load_inventory_feed()
    expected = {"dry_run": False, "confirm_large_change": False} | feed.model_dump(
        mode="json", exclude={"schedule", "alerts"}
    )
    form = dags["load_inventory"].params
    assert form.dump() == expected
    for value in ([], None, ["colour", "size"]):
        assert form.get_param("ignored_columns").resolve(value) == value


def test_a_feed_makes_the_event_that_a_channel_on_inventory_waits_for(channels: Path) -> None:
    from storekeeper.schedules import INVENTORY

    write_channel(channels, "waiting", sync_listings={"schedule": "on_inventory"})
    dags = parse().dags
    load = dags["load_inventory"].get_task("load")
    assert load.announces == INVENTORY
    assert [outlet.name for outlet in load.outlets] == ["storekeeper_inventory_loaded"]
    assert list(dags["sync_listings__waiting"].timetable.asset_condition.objects) == [INVENTORY]


@pytest.mark.parametrize("value", [[], None, ["A-1", " a-2 ", ""]])
def test_the_form_takes_what_a_person_pastes_as_skus(dags: dict[str, Any], value: Any) -> None:
    assert dags["import_listings__plain"].params.get_param("skus").resolve(value) == value


def test_the_form_offers_each_action_by_a_readable_name_and_presets_none(dags: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    action = dags["change_listing_status__plain"].params.get_param("action")
    assert list(action.schema["values_display"]) == action.schema["enum"] == [each.value for each in ListingAction]
    assert all(label.lower().startswith(value) for value, label in action.schema["values_display"].items())
    for value in (None, "", "Hide", "remove"):
        with pytest.raises(ParamValidationError):
            action.resolve(value)
    assert dags["change_listing_status__plain"].schedule is None


@pytest.mark.parametrize("value", [[], None, ["101", " 102,103 ", ""], [101, 102]])
def test_the_form_takes_order_ids_as_lines_and_a_command_as_numbers(dags: dict[str, Any], value: Any) -> None:
    """With a plain type for its entries that is not text, Airflow's form asks for JSON instead of lines."""
    field = dags["get_orders__plain"].params.get_param("order_ids")
    assert field.resolve(value) == value
    assert "type" not in field.schema["items"]


@pytest.mark.parametrize("name", ["statuses", "backfill_statuses", "details"])
def test_the_form_offers_each_entry_of_a_list_and_takes_an_emptied_one(dags: dict[str, Any], name: str) -> None:
    """Airflow's form gives the chosen entries as texts, and null where none is chosen."""
    field = dags["get_orders__plain"].params.get_param(name)
    settings = next(iter(load_channels())).get_orders
    offered = field.schema["examples"]
    for value in (offered, offered[:1], None):
        assert field.resolve(value) == value
        chosen = settings.with_run_parameters({name: value}).model_dump(mode="json")[name]
        assert {str(entry) for entry in chosen} == set(value or [])


@pytest.mark.parametrize(
    ("name", "value"),
    [("master_sku", "ean"), ("mode", None), ("readers", "4"), ("dry_run", "yes"), ("skus", "A-1"), ("overwrite", [])],
)
def test_the_form_refuses_a_value_of_another_type(dags: dict[str, Any], name: str, value: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags["import_listings__plain"].params.get_param(name).resolve(value)


# --- the files ---


def test_there_is_a_file_for_each_operation_and_one_for_broken_channels() -> None:
    assert {file.stem for file in DAG_FILES} == {*OPERATIONS, *SHARED, "channel_settings"}
    assert sorted((PROJECT / "dags").rglob("*.py")) == DAG_FILES


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_a_dag_file_is_short_has_no_logic_and_is_found_by_airflow(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 40
    # Airflow skips a file in which it does not find both words.
    assert "airflow" in text.lower()
    assert "dag" in text.lower()
    nodes = list(ast.walk(ast.parse(text)))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.If, ast.IfExp, ast.Try, ast.While)
    assert [node for node in nodes if isinstance(node, kinds)] == []
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported
    assert all(name is not None and name.split(".")[0] == "storekeeper" for name in imported), imported


def test_the_whole_form_gives_a_run_only_what_says_something_else(dags: dict[str, Any]) -> None:
    from storekeeper.operators.step import named_parameters

    dag = dags["sync_listings__plain"]
    form = {name: dag.params.get_param(name).value for name in dag.params}

    def named(conf: dict[str, Any]) -> dict[str, Any]:
        return named_parameters({"dag": dag, "dag_run": SimpleNamespace(conf=conf)})  # type: ignore[typeddict-item]

    assert named(form) == {}
    assert named({**form, "scope": "all"}) == {"scope": "all"}
    assert named({**form, "fields": ["quantity"]}) == {"fields": ["quantity"]}
    typed = {"scope": "all", "fields": ["price", "quantity"]}
    assert named(typed) == typed


def test_what_a_person_is_asked_is_no_template(dags: dict[str, Any]) -> None:
    """Titles of listings stand in it: what looks like a template there is shown, not rendered."""
    approve = dags["sync_listings__plain"].get_task("approve")
    ask = "a title: {{ 7 * 7 }} {{ conn.bigcommerce_plain.password }} {% raw %}"
    rendered = approve.render_template(approve.body, {"ti": SimpleNamespace(xcom_pull=lambda **_: {"ask": ask})})
    assert rendered == ask


def test_no_run_parameter_is_rendered_as_a_template(dags: dict[str, Any]) -> None:
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    rendered = {task.task_id: task.template_fields for dag in dags.values() for task in dag.tasks}
    assert {name: fields for name, fields in rendered.items() if fields} == {
        "approve": ApprovalOperator.template_fields
    }
