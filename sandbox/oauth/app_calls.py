"""A call of an app by the store: what BigCommerce's control panel does when somebody opens or removes the app."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.exchange import Answer, Json

TIMEOUT_SECONDS = 20


@dataclass(slots=True, kw_only=True)
class AppCall(Answer):
    """An answer that is complete once the app was called.

    :param address: what to GET.
    :param told: the answer's JSON; ``answer`` or ``error`` is added.
    """

    status: int = 200
    address: str
    told: Json

    async def completed(self) -> Answer:
        """Call the app, while the store goes on answering: the app may well ask it something first."""
        return Answer.of(self.told | await asyncio.to_thread(_called, self.address))


def _called(address: str) -> Json:
    # Few stores ever call an app, and every one would wait for the import at its start.
    import requests

    try:
        answer = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return {"answer": None, "error": type(error).__name__}
    return {"answer": {"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text}}
