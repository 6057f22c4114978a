"""What the store says of itself at the beginning of a pull, kept beside the channel's rules."""

from __future__ import annotations

import json
import logging

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.bigcommerce.store_information import StoreInformation, store_information
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)


def describe(store: StoreClient, run: Run, channel: Channel) -> StoreInformation:
    """Keep the moment before the first record is read, on both clocks, what the store is, and what is wanted of it.

    A second attempt keeps the first one's moment.
    """
    information = store_information(store)
    with run.transaction() as session:
        session.run("runs/begin_pull", run_no=run.run_no, store_time=information.clock, store_hash=store.store_hash)
        if not run.dry_run:
            session.run(
                "runs/describe_channel",
                channel=channel.channel,
                connection_id=channel.connection_id,
                store_hash=store.store_hash,
                store_name=information.name,
                currency=information.currency,
                currency_digits=information.decimal_places,
                timezone=_known_timezone(session, information),
                rules=json.dumps(channel.rules()),
            )
    log.info("the store is %r (plan %s, %s)", information.name, information.plan_name, information.currency)
    return information


def _known_timezone(session: Session, information: StoreInformation) -> str:
    """The store's time zone, if the warehouse knows it: a view that met an unknown one would fail for every store."""
    name = information.timezone.name
    if name and session.rows("runs/find_timezone", timezone=name):
        return name
    log.warning("the warehouse does not know the store's time zone %r: days are counted in UTC", name)
    return "UTC"
