"""What one step of an operation works with: run, channel, settings, and the store, opened when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.settings import Channel, Settings
from storekeeper.warehouse.runs import Run


class Step:
    """One attempt of one step of a run.

    :param configured: the operation's settings, as the channel's file has them.
    :param params: the run's parameters.
    :param open_store: opens the channel's store.
    """

    def __init__(
        self,
        run: Run,
        channel: Channel,
        configured: Settings,
        params: Mapping[str, Any],
        open_store: Callable[[], StoreClient],
    ) -> None:
        self.run = run
        self.channel = channel
        self.params = params
        self._configured = configured
        self._open_store = open_store
        self._store: StoreClient | None = None

    @cached_property
    def settings(self) -> Any:
        """The operation's settings as this run wants them.

        :raises SettingsError: a run parameter that nobody knows, or a value that its setting does not allow.
        """
        return self._configured.with_run_parameters(self.params)

    @property
    def store(self) -> StoreClient:
        """The channel's store."""
        if self._store is None:
            self._store = self._open_store()
        return self._store

    @property
    def skus(self) -> list[str]:
        """The master SKUs that the run is narrowed to: stripped, blanks dropped, lists with commas taken apart."""
        return split_skus(self.params.get("skus") or [])

    @property
    def requests(self) -> int:
        """HTTP requests that this step has sent to the store."""
        return self._store.requests_sent if self._store else 0

    def close(self) -> None:
        """Give the store's connections back."""
        if self._store is not None:
            self._store.close()


def split_skus(given: Iterable[str]) -> list[str]:
    """What a person pasted into the form as master SKUs, each once, in the order given."""
    parts = (part.strip() for line in given for part in str(line).split(","))
    return list(dict.fromkeys(part for part in parts if part))
