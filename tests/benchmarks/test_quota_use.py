"""What the benchmark makes of a store's quota log."""

from __future__ import annotations

import pytest

from benchmarks.quota import OURS, THEIRS, judge
from sandbox.rate_limit import Asking


def asked(client: str, window: int, at: float, *, admitted: bool = True) -> Asking:
    return Asking(client, at, window, admitted)


def test_the_share_is_that_of_the_windows_before_the_last() -> None:
    log = [asked(OURS, 1, 0.0), asked(OURS, 1, 0.1), asked(OURS, 2, 1.0), asked(OURS, 2, 1.1), asked(OURS, 3, 2.0)]
    use = judge(log, quota=4, window=1.0)
    assert (use.in_all, use.by_us, use.requests) == (pytest.approx(0.5), pytest.approx(0.5), 5)


def test_time_without_requests_between_two_windows_is_quota_not_used() -> None:
    log = [asked(OURS, 1, 0.0), asked(OURS, 1, 0.1), asked(OURS, 2, 4.0)]
    assert judge(log, quota=2, window=1.0).in_all == pytest.approx(0.25)


def test_a_window_that_the_other_had_begun_is_not_counted() -> None:
    log = [
        asked(THEIRS, 1, 0.0),
        asked(OURS, 1, 0.5),
        asked(THEIRS, 2, 1.0),
        asked(OURS, 2, 1.2),
        asked(OURS, 2, 1.3),
        asked(OURS, 3, 2.0),
    ]
    use = judge(log, quota=4, window=1.0)
    assert (use.in_all, use.by_us) == (pytest.approx(0.75), pytest.approx(0.5))


def test_a_pull_within_one_window_has_no_share() -> None:
    use = judge([asked(OURS, 1, 0.0), asked(OURS, 1, 0.5)], quota=4, window=1.0)
    assert (use.in_all, use.by_us) == (None, None)


def test_refusals_in_a_row_are_ours_whatever_the_other_gets_between_them() -> None:
    log = [
        asked(OURS, 1, 0.0),
        asked(OURS, 1, 0.1, admitted=False),
        asked(THEIRS, 1, 0.2, admitted=False),
        asked(OURS, 1, 0.3, admitted=False),
        asked(OURS, 2, 1.0),
        asked(OURS, 2, 1.1, admitted=False),
    ]
    use = judge(log, quota=1, window=1.0)
    assert (use.refused, use.longest_streak, use.refused_to_others) == (3, 2, 1)
