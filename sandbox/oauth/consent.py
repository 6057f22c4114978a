"""The merchant's consent: the page that asks for it, and the code that a yes sends to the app.

Two addresses lead to the page: the one that installs an app, and OAuth's own ``authorize``, which an app may link to.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.exchange import Answer, Request
from sandbox.oauth.apps import App
from sandbox.oauth.pages import consent_page, notice_page, redirection
from sandbox.oauth.parameters import BadParameters, form, single, with_query
from sandbox.store import Store

CARRIED = ("client_id", "redirect_uri", "response_type", "scope", "state")


class NotAsked(Exception):
    """The merchant is not asked; the browser stays here, because nobody vouches for where it would go."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status

    def answer(self) -> Answer:
        """The refusal as a page."""
        return notice_page(self.status, "This app cannot be installed", self.text)


@dataclass(frozen=True, slots=True)
class Question:
    """What the merchant is asked.

    :param given: the request's parameters, which the form carries along.
    """

    app: App
    context: str
    scopes: list[str]
    given: dict[str, str]


def show_install(store: Store, request: Request) -> Answer:
    """GET: ask whether the app may be installed."""
    try:
        return _ask(store, request, _install(store, request, single(request.query)))
    except (NotAsked, BadParameters) as reason:
        return _refused(reason)


def decide_install(store: Store, request: Request) -> Answer:
    """POST: a yes sends the browser to the app, a no leaves it here, for the app never asked."""
    try:
        question = _install(store, request, given := form(request))
        if _confirmed(given):
            return _send_code(store, question)
    except (NotAsked, BadParameters) as reason:
        return _refused(reason)
    return notice_page(200, "Not installed", f"{question.app.title} was not installed.")


def show_authorize(store: Store, request: Request) -> Answer:
    """GET: ask whether the app may do what it asks for."""
    try:
        return _ask(store, request, _authorize(store, single(request.query)))
    except (NotAsked, BadParameters) as reason:
        return _refused(reason)


def decide_authorize(store: Store, request: Request) -> Answer:
    """POST: either decision sends the browser to the app, which has asked."""
    try:
        question = _authorize(store, given := form(request))
        if _confirmed(given):
            return _send_code(store, question)
    except (NotAsked, BadParameters) as reason:
        return _refused(reason)
    denial = {"error": "access_denied", "error_description": "The merchant has said no."}
    return redirection(with_query(question.app.redirect_uri, denial | _state(store, question)))


def _refused(reason: NotAsked | BadParameters) -> Answer:
    return (reason if isinstance(reason, NotAsked) else NotAsked(str(reason))).answer()


def _install(store: Store, request: Request, given: dict[str, str]) -> Question:
    app = _app(store, request.params["client_id"])
    return Question(app, _context(store, given), app.scopes, given)


def _authorize(store: Store, given: dict[str, str]) -> Question:
    app = _app(store, given.get("client_id", ""))
    if given.get("redirect_uri") != app.redirect_uri:
        raise NotAsked("The redirect_uri is not the one the app was registered with.")
    if given.get("response_type") != "code":
        raise NotAsked("The response_type must be code.")
    scopes = given.get("scope", "").split() or app.scopes
    if not set(scopes) <= set(app.scopes):
        raise NotAsked("The scope goes beyond the scopes the app was registered with.")
    return Question(app, _context(store, given), list(dict.fromkeys(scopes)), given)


def _app(store: Store, client_id: str) -> App:
    app = store.oauth.apps.get(client_id)
    if app is None:
        raise NotAsked("There is no app with this client id.", 404)
    return app


def _context(store: Store, given: dict[str, str]) -> str:
    own = f"stores/{store.hash}"
    if given.get("context", own) != own:
        raise NotAsked("The context is none of your stores.", 404)
    return own


def _ask(store: Store, request: Request, question: Question) -> Answer:
    carried = {name: question.given[name] for name in CARRIED if name in question.given}
    return consent_page(
        app=question.app.title,
        store=store.configuration.name,
        context=question.context,
        scopes=question.scopes,
        action=request.path,
        fields={"context": question.context} | carried,
    )


def _confirmed(given: dict[str, str]) -> bool:
    decision = given.get("decision")
    if decision not in ("confirm", "cancel"):
        raise NotAsked("The decision must be confirm or cancel.")
    return decision == "confirm"


def _send_code(store: Store, question: Question) -> Answer:
    app = question.app
    code = store.oauth.issue_code(app, question.context, question.scopes, store.clock.now().timestamp())
    brought = {
        "code": code,
        "scope": " ".join(question.scopes),
        "context": question.context,
        "account_uuid": app.account_uuid,
    }
    return redirection(with_query(app.redirect_uri, brought | _state(store, question)))


def _state(store: Store, question: Question) -> dict[str, str]:
    if store.configuration.returns_state == "never" or "state" not in question.given:
        return {}
    return {"state": question.given["state"]}
