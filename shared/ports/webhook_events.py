"""Where the webhook log is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.contracts.records.webhook_event import WebhookEvent


class WebhookEvents(Protocol):
    """`between` is newest first, at most `limit`; `seen` is when the last signed request came, kept for ever."""

    def append(self, event: WebhookEvent) -> None: ...
    def between(
        self, company_id: str, account_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[WebhookEvent]: ...
    def seen(self, company_id: str, account_id: str) -> datetime | None: ...
