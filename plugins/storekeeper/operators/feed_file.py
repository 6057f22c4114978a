"""A feed's file, wherever Airflow's object storage finds it, becomes a stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowNotFoundException

from storekeeper.channels import PROJECT
from storekeeper.operations.feed_file import FeedFile
from storekeeper.outcomes import FeedRefused, SettingsError


@contextmanager
def open_feed_file(path: str) -> Iterator[FeedFile]:
    """Open a file to read it from its beginning.

    :param path: a local one, relative to the project, or a URL; a connection's id may stand before the host's name.
    :raises FeedRefused: there is no such file, or it may not be read.
    :raises SettingsError: nothing installed reads such a URL, or there is no such connection.
    """
    name = shown_path(path)
    try:
        place = ObjectStoragePath(path if "://" in path else str(PROJECT / path))
        size = place.stat().st_size
        stream: Any = place.open("rb")
    except FileNotFoundError:
        raise FeedRefused(f"{name}: there is no such file; nothing was loaded") from None
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise FeedRefused(f"{name}: cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, ImportError, AirflowNotFoundException) as error:
        raise SettingsError(
            f"path: {name}: cannot be opened: {error}. A URL needs the Airflow provider of its kind, such as"
            " apache-airflow-providers-amazon[s3fs] for s3://, and the connection that it names"
        ) from None
    with stream:
        yield FeedFile(name, stream, size)


def shown_path(path: str) -> str:
    """A path as logs and the ledger show it: a URL without what may be secret, its query and a password."""
    if "://" not in path:
        return path
    parts = urlsplit(path)
    user, _, host = parts.netloc.rpartition("@")
    named = "***" if ":" in user else user
    return parts._replace(netloc=f"{named}@{host}" if named else host, query="", fragment="").geturl()
