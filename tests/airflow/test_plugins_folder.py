"""Airflow executes what lies in its plugins folder; the package there must be left alone, and be there once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stack.places import PROJECT
from tests.airflow.conftest import airflow_environment
from tests.airflow.forks import Forks

PACKAGE = PROJECT / "plugins" / "storekeeper"


@pytest.fixture(scope="module")
def loaded(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A process of Airflow's after it has loaded the plugins and parsed the DAG files."""
    home = tmp_path_factory.mktemp("plugins")
    return forks.find("look", [str(home / "no-channels")], airflow_environment(home), home, warm=False)


def test_airflow_executes_no_file_of_the_package_as_a_module_of_its_own(loaded: Any) -> None:
    assert loaded["plugin_errors"] == {}
    strangers = [
        name
        for name in loaded["modules_after_plugins"]
        if name != "storekeeper" and not name.startswith("storekeeper.")
    ]
    assert strangers == []


def test_no_process_pays_for_pages_that_nobody_opens(loaded: Any) -> None:
    assert not any(name.startswith("storekeeper.web") for name in loaded["modules_after_plugins"])


def test_a_plugins_folder_without_its_ignore_file_would_execute_them(forks: Forks, tmp_path: Path) -> None:
    """The test above can fail: the same files without ``.airflowignore``."""
    bare = tmp_path / "plugins"
    (bare / "storekeeper").mkdir(parents=True)
    for name in ("__init__.py", "outcomes.py"):
        (bare / "storekeeper" / name).write_text((PACKAGE / name).read_text())
    environment = airflow_environment(tmp_path / "home") | {"AIRFLOW__CORE__PLUGINS_FOLDER": str(bare)}
    found = forks.find("look", [], environment, tmp_path, warm=False)
    assert "outcomes" in found["modules_after_plugins"]


def test_only_one_copy_of_the_package_can_be_imported(loaded: Any) -> None:
    assert loaded["copies"] == [str(PROJECT / "plugins")]
    assert loaded["imported_from"] == str(PACKAGE)


def test_the_connection_type_has_its_hook_its_fields_and_its_labels() -> None:
    from airflow.providers_manager import ProvidersManager

    providers = ProvidersManager()
    hook = providers.hooks["bigcommerce"]
    assert hook is not None
    assert hook.hook_name == "BigCommerce"
    assert hook.hook_class_name == "storekeeper.hooks.bigcommerce.BigCommerceHook"
    assert hook.connection_id_attribute_name == "bigcommerce_conn_id"
    assert hook.connection_testable

    shown = {
        name.rpartition("__")[2]: widget
        for name, widget in providers.connection_form_widgets.items()
        if widget.hook_class_name == hook.hook_class_name
    }
    assert {name: (widget.is_sensitive, widget.field["schema"]["title"]) for name, widget in shown.items()} == {
        "store_hash": (False, "Store hash"),
        "client_secret": (True, "Client secret"),
    }

    behaviour = providers.field_behaviours["bigcommerce"]
    assert behaviour["relabeling"] == {
        "login": "Client ID",
        "password": "Access token",
        "host": "API base URL",
    }
    assert behaviour["hidden_fields"] == ["port", "schema"]
    assert set(behaviour["placeholders"]) == {"host", "password"}
