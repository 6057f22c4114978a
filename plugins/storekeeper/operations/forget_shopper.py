"""Forget Shopper: a shopper's personal data leave the warehouse, and do not come back; the figures stay.

One transaction: a tombstone that every later load looks at, the erasure, and an audit row that does not say who it was.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from storekeeper.operations.wording import counted
from storekeeper.outcomes import Counts, SettingsError
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.runs import EVERY_CHANNEL, Run, succeed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shopper:
    """Whom to forget.

    :param channel: the store's channel; :data:`EVERY_CHANNEL` for all.
    :param key: the e-mail address or the customer id; never shown.
    """

    channel: str
    kind: Literal["email", "customer_id"]
    key: str = field(repr=False)


def read_shopper(params: Mapping[str, Any], channels: set[str]) -> Shopper:
    """Whom a run's parameters name.

    :param channels: those that there are.
    :raises SettingsError: nobody is named, or it cannot be told who; the message does not repeat what was given.
    """
    email, customer = (str(params.get(name) or "").strip() for name in ("email", "customer_id"))
    channel = str(params.get("channel") or "").strip() or EVERY_CHANNEL
    if bool(email) == bool(customer):
        raise SettingsError("run parameter email, customer_id: exactly one of the two must be given")
    if channel != EVERY_CHANNEL and channel not in channels:
        # somebody may have typed the address into the wrong field
        got = "an e-mail address" if "@" in channel else repr(channel[:50])
        raise SettingsError(f"run parameter channel: is no channel (got {got}; there are {sorted(channels)})")
    if email:
        if "@" not in email:
            raise SettingsError("run parameter email: must be an e-mail address, with an @")
        return Shopper(channel, "email", email)
    if channel == EVERY_CHANNEL:
        raise SettingsError("run parameter channel: is needed with customer_id: each store counts its own customers")
    if not (customer.isascii() and customer.isdigit() and int(customer) > 0):
        raise SettingsError("run parameter customer_id: must be the store's customer id, a whole number above 0")
    return Shopper(channel, "customer_id", str(int(customer)))


def forget(warehouse: Warehouse, run_id: str, shopper: Shopper, *, dry_run: bool = False) -> dict[str, int]:
    """Erase a shopper's data; again and again with the same result.

    :param dry_run: say how much there is, and change nothing.
    :return: ``orders`` that lose personal data, and ``rows`` of it.
    """
    run = Run.begin(
        warehouse,
        channel=shopper.channel,
        operation="forget_shopper",
        run_id=run_id,
        dry_run=dry_run,
        params={"by": shopper.kind},
        first=True,
    )
    values: dict[str, Any] = {"channel": shopper.channel, "kind": shopper.kind, "shopper": shopper.key}
    with run.transaction() as session:
        with session.savepoint() as erasure:
            session.run("forget_shopper/lock_loads", **values)
            session.run("forget_shopper/add_tombstone", **values)
            erased = session.row("forget_shopper/erase", run_no=run.run_no, **values)
            if dry_run:
                erasure.rollback()
        counts = Counts(read=erased["orders"], updated=erased["orders"])
        succeed(session, run, counts, "Dry run: nothing but this row was written." if dry_run else None)
    if not dry_run:
        with warehouse.transaction() as session:
            session.run("forget_shopper/supersede_runs", **values)
        warehouse.drop_staging("forget_shopper/list_staging", **values)
    would = "would erase" if dry_run else "erased"
    log.info("%s %s of %s", would, counted(erased["rows"], "rows"), counted(erased["orders"], "orders"))
    return {"orders": erased["orders"], "rows": erased["rows"]}
