"""Dates as stores write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from storekeeper.transforms.dates import parse_date, parse_dates

MOMENT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 24 Nov 2026 09:30:00 +0000",
        "Tue, 24 Nov 2026 10:30:00 +0100",
        "24 Nov 2026 09:30:00 GMT",
        "2026-11-24T09:30:00Z",
        "2026-11-24T11:30:00+02:00",
        "2026-11-24T09:30:00",
        "2026-11-24 09:30",
    ],
)
def test_a_date_is_in_utc(text: str) -> None:
    read = parse_date(text)
    assert read == MOMENT
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Tue, 24 Nov 26 09:30:00 +0000",
        "Tue, 31 Feb 2026 09:30:00 +0000",
        "2026-13-01",
        "26-11-24",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert parse_date(text) is None


def test_a_column_of_dates_tells_what_is_unset_from_what_is_no_date() -> None:
    texts = [
        "Tue, 24 Nov 2026 09:30:00 +0000",
        " 2026-11-24T09:30:00Z ",
        "",
        None,
        "0000-00-00 00:00:00",
        "Wed, 30 Nov 0000 00:00:00 +0000",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "soon",
    ]
    moments, wrong = parse_dates(pd.Series(texts, index=range(10, 18)))
    assert moments.tolist() == [MOMENT, MOMENT, None, None, None, None, None, None]
    assert list(wrong[wrong].index) == [17]
    assert type(moments[10]) is type(moments[11]) is datetime
