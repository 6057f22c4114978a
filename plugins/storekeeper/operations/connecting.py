"""Connecting a store in the browser: flows that are good once, codes that work once, and what is proposed then.

Knows neither Airflow nor pages: who may do it, and where the connection is kept, is for ``web`` to say.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from storekeeper.bigcommerce.address import check_store_hash
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.bigcommerce.oauth import App, Granted, exchange_code, store_of
from storekeeper.bigcommerce.store_information import store_information, unreadable
from storekeeper.outcomes import SettingsError
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Warehouse

FLOW_SECONDS = 600.0
"""How long a person has for BigCommerce's consent page."""


class FlowRefused(Exception):
    """What came back from BigCommerce's page was not begun here, or not by this person, or is over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to connect.

    :raises SettingsError: a channel's name or a store hash that cannot be one.
    """

    channel: str
    store_hash: str

    def __post_init__(self) -> None:
        """Check both: the one becomes a file's name, the other part of each URL."""
        try:
            check_store_hash(self.store_hash)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        check_channel(self.channel)


def check_channel(name: str) -> str:
    """A channel's name, when it can be one.

    :raises SettingsError: it cannot.
    """
    try:
        return Channel.model_validate({"channel": name}).channel
    except ValueError:
        raise SettingsError(
            f"the channel's name must be lower-case letters, digits and underscores, at most 41 (got {name[:50]!r})"
        ) from None


def begin(warehouse: Warehouse, wanted: Wanted, *, user: str, session: str) -> str:
    """Begin a flow.

    :param user: who begins it.
    :param session: what only this browser knows.
    :return: the state that goes to BigCommerce and must come back.
    """
    state = secrets.token_urlsafe(32)
    with warehouse.transaction() as transaction:
        transaction.run(
            "connect/begin_flow",
            seconds=FLOW_SECONDS,
            flow_hash=_hash(state),
            session_hash=_hash(session),
            user_name=user,
            channel=wanted.channel,
            store_hash=wanted.store_hash,
        )
    return state


def end(warehouse: Warehouse, state: str, context: str, *, user: str, session: str) -> Wanted:
    """End a flow that was begun here: the same person, the same browser, the store that was asked for, once.

    :raises FlowRefused: it is another one, or over.
    """
    with warehouse.transaction() as transaction:
        found = transaction.rows("connect/end_flow", seconds=FLOW_SECONDS, flow_hash=_hash(state))
    if not found:
        raise FlowRefused("this was not begun here, or is over: begin again")
    flow = found[0]
    same_browser = secrets.compare_digest(bytes(flow["session_hash"]), _hash(session))
    if not same_browser or flow["user_name"] != user:
        raise FlowRefused("this was begun by somebody else: begin again")
    if context != f"stores/{flow['store_hash']}":
        raise FlowRefused("BigCommerce has sent back another store than was asked for: nothing was saved")
    return Wanted(flow["channel"], flow["store_hash"])


def grant(warehouse: Warehouse, app: App, *, code: str, scope: str, context: str) -> Granted:
    """Make a token of a code.

    :raises FlowRefused: the code was used before.
    :raises Refused: BigCommerce does not take it, or grants another store or too little.
    :raises NotNow: BigCommerce does not answer.
    """
    store_of(context)
    use_once(warehouse, code)
    return exchange_code(app, code, scope, context)


def use_once(warehouse: Warehouse, secret: str) -> None:
    """A code, or something signed, that works once.

    :raises FlowRefused: it was used before.
    """
    with warehouse.transaction() as transaction:
        fresh = transaction.run("connect/use_code", code_hash=_hash(secret))
    if not fresh:
        raise FlowRefused("this code was used before: begin again")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Report:
    """What a store says of itself with a token.

    :param lines: for a person to read.
    :param unreadable: what the token may not read.
    """

    lines: Sequence[str]
    unreadable: Sequence[str]


def try_store(store: StoreClient) -> Report:
    """Ask a store what it is, and try what the token may read.

    :raises StoreError: it does not answer, or does not let us in.
    """
    information = store_information(store)
    refused = unreadable(store)
    quota = store.pacer.quota
    lines = [
        f"Connected to {information.name!r} ({information.domain})",
        f"plan {information.plan_name}",
        f"currency {information.currency}",
        f"time zone {information.timezone.name}",
    ]
    if quota:
        lines.append(f"{quota.limit} requests per {quota.window_seconds:.0f} s")
    lines.append(f"may not read {', '.join(refused)}" if refused else "may read products, inventory and orders")
    return Report(lines, refused)


def proposed_file(channel: str, connection_id: str) -> str:
    """A channel's file: only what differs from the defaults."""
    return yaml.safe_dump({"channel": channel, "connection_id": connection_id}, sort_keys=False)
