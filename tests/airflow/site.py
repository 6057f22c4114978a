"""An Airflow API server of its own, and people with browsers who use it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from stack.places import free_port
from tests.airflow.conftest import airflow_environment
from tests.airflow.forks import Fork, Forks

PASSWORDS = {"admin": "admin-pass", "other": "other-pass", "viewer": "viewer-pass"}
ROLES = "admin:admin,other:admin,viewer:viewer"


class Site:
    """A running API server with our pages, on a metadata database of its own."""

    def __init__(self, forks: Forks, home: Path, variables: Mapping[str, str]) -> None:
        self._forks = forks
        self.home = home
        self.port = free_port(18400)
        self.root = f"http://127.0.0.1:{self.port}"
        home.mkdir(parents=True, exist_ok=True)
        passwords = home / "passwords.json"
        passwords.write_text(json.dumps(PASSWORDS))
        self.environment = {
            **airflow_environment(home),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ROLES,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.root,
            **variables,
        }
        self._log = home / "server.log"
        self._server: Fork | None = None

    def start(self) -> Site:
        """Start it, and wait until it answers."""
        self._forks.make_database(self.home)
        command = ("api-server", "--workers", "1")
        self._server = self._forks.airflow(*command, environment=self.environment, log=self._log, warm=False)
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.root}/api/v2/monitor/health", timeout=2).status_code == 200:
                    return self
            except requests.ConnectionError:
                time.sleep(0.1)
            assert self._server.poll() is None, self.log()[-3000:]
        raise AssertionError(f"the server does not answer:\n{self.log()[-3000:]}")

    def stop(self) -> None:
        """Stop it."""
        if self._server is not None:
            self._server.stop()

    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def person(self, name: str | None = "admin") -> Person:
        """Somebody with a browser, logged in unless nobody is named."""
        person = Person(self.root)
        if name is not None:
            person.log_in(name)
        return person


class Person:
    """Somebody with a browser."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.session = requests.Session()
        self.token = ""

    def log_in(self, name: str, password: str | None = None) -> None:
        """By Airflow's own login."""
        body = {"username": name, "password": password or PASSWORDS[name]}
        answer = self.session.post(f"{self.root}/auth/token", json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["access_token"]
        self.session.cookies.set("_token", self.token, domain="127.0.0.1", path="/")

    def open(self, path: str, **query: str) -> requests.Response:
        """Open one of our pages."""
        return self.session.get(f"{self.root}/storekeeper{path}", params=query, timeout=30, allow_redirects=False)

    def send(self, path: str, headers: Mapping[str, str] | None = None, **form: str) -> requests.Response:
        """Send one of our forms, with the token of the page that it stands on unless another is given."""
        own = {"Sec-Fetch-Site": "same-origin", "Origin": self.root}
        form.setdefault("token", form_token(self.open("/")))
        return self.session.post(
            f"{self.root}/storekeeper{path}",
            data=form,
            headers={**own, **(headers or {})},
            timeout=60,
            allow_redirects=False,
        )

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        """A connection as Airflow's API shows it."""
        answer = self.api("GET", f"connections/{conn_id}")
        return answer.json() if answer.status_code == 200 else None

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Airflow's own API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.root}/api/v2/{path}", headers=headers, timeout=30, **options)


def form_token(page: requests.Response) -> str:
    """The token in a page's form; empty where there is none."""
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    return found[1] if found else ""


def said(page: requests.Response) -> str:
    """What a page that says one thing says."""
    found = re.search(r'id="notice">(.*?)</p>', page.text, re.DOTALL)
    return unescape(found[1]) if found else page.text


def query_of(address: str) -> dict[str, str]:
    """An address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
