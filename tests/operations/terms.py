"""How long tests wait: for answers, for a claim, for a heartbeat. Short, since every lost answer is waited out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storekeeper.bigcommerce.client import Patience

QUICK = Patience(connect=2, read=1, total=3, attempts=3, backoff=0.02, backoff_most=0.1, throttled_most=20)
"""What a run has unless its test says otherwise."""

BRIEF = replace(QUICK, read=0.4, total=1)
"""For tests that lose many answers."""

PATIENT = replace(QUICK, read=10, total=20)
"""For tests in which the store holds a call back until it is told to go on."""

CLAIMS = {"claim_wait_seconds": 20, "lease_seconds": 2, "heartbeat_seconds": 0.5}
LEASE = {"claim_wait_seconds": 20, "lease_seconds": 0.5, "heartbeat_seconds": 0.1}
"""For tests in which a writer is taken over."""

HASTY: dict[str, Any] = {
    "patience": Patience(connect=1, read=0.3, total=0.5, attempts=2, backoff=0.02, backoff_most=0.05, throttled_most=1),
    "writing": LEASE,
}
"""How a run is made that gives up soon."""
