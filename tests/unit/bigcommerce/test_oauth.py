"""The one call that holds an app's secret: where it goes, and what is made of the answer."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from storekeeper.bigcommerce.oauth import NEEDED_SCOPES, App, exchange_code
from storekeeper.outcomes import NotNow, Refused

TOKENS = "https://login.bigcommerce.com/oauth2/token"
SECRET, CODE, TOKEN = "canary-secret", "canary-code", "canary-token"
APP = App("app-1", SECRET, "https://airflow.example.com/storekeeper/auth")
SCOPE, CONTEXT = " ".join(NEEDED_SCOPES), "stores/abc123"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_gets_neither_secret_nor_code(web: responses.RequestsMock, status: int) -> None:
    web.post(TOKENS, status=status, headers={"Location": "https://evil.example.com/"})
    for method in (responses.GET, responses.POST):
        web.add(method, "https://evil.example.com/", json={})
    with pytest.raises(Refused):
        exchange_code(APP, CODE, SCOPE, CONTEXT)
    assert [call.request.url for call in web.calls] == [TOKENS]


@pytest.mark.parametrize("context", ["stores/other1", "", "abc123", "stores/abc1234"])
def test_a_token_of_another_store_than_was_asked_for_is_refused(web: responses.RequestsMock, context: str) -> None:
    web.post(TOKENS, json={"access_token": TOKEN, "scope": SCOPE, "context": context})
    with pytest.raises(Refused, match="another store"):
        exchange_code(APP, CODE, SCOPE, CONTEXT)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "json": {"error": f"{SECRET} {CODE}"}},
        {"status": 503, "body": f"{SECRET} {CODE}"},
        {"json": {"access_token": TOKEN, "scope": SCOPE}},
        {"json": {"access_token": TOKEN, "scope": "", "context": CONTEXT}},
        {"json": {"access_token": TOKEN, "scope": SCOPE, "context": "stores/other1"}},
        {"body": OSError(f"{SECRET} {CODE}")},
        {"body": ValueError(f"{SECRET} {CODE}")},
    ],
)
def test_whatever_the_answer_no_secret_code_or_token_is_told(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture, answer: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    if isinstance(answer.get("body"), OSError):
        answer = {"body": responses.ConnectionError(*answer["body"].args)}
    web.post(TOKENS, **answer)
    with pytest.raises((Refused, NotNow)) as caught:
        exchange_code(APP, CODE, SCOPE, CONTEXT)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value)
    assert [canary for canary in (SECRET, CODE, TOKEN) if canary in told] == []


def test_what_shows_an_app_does_not_show_its_secret() -> None:
    assert "app-1" in repr(APP)
    assert SECRET not in repr(APP)
