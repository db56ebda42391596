"""The webhook log (table `calls`): one partition for each account and day, kept for 30 days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key, from_item, to_item
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.webhook_event import WebhookEvent, WebhookSeen

KEPT_DAYS = 30
SIGNED = ("success", "duplicate", "ignored")


class DynamoWebhookEvents:
    """See shared.ports.webhook_events."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def append(self, event: WebhookEvent) -> None:
        """Add an event."""
        key = _key(event.company_id, event.account_id, event.at, event.event_id)
        expires = int((event.at + timedelta(days=KEPT_DAYS)).timestamp())
        self._put(key, event, {"expires": expires})
        if event.outcome in SIGNED:
            self._put(_seen(event.company_id, event.account_id), WebhookSeen(at=event.at), {})

    def between(
        self, company_id: str, account_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[WebhookEvent]:
        """What came from `since` to `until`."""
        found: list[WebhookEvent] = []
        day = until
        while day.date() >= since.date() and len(found) < limit:
            found += self._day(_key(company_id, account_id, day, "").pk, since, until, limit - len(found))
            day -= timedelta(days=1)
        return found

    def seen(self, company_id: str, account_id: str) -> datetime | None:
        """When the last signed request came."""
        seen = self._calls.get(_seen(company_id, account_id), WebhookSeen)
        return None if seen is None else seen.at

    def _day(self, pk: str, since: datetime, until: datetime, limit: int) -> Sequence[WebhookEvent]:
        answer = self._calls.client.query(
            TableName=self._calls.name,
            KeyConditionExpression="PK = :pk AND SK BETWEEN :since AND :until",
            ExpressionAttributeValues={
                ":pk": {"S": pk},
                ":since": {"S": _moment(since)},
                ":until": {"S": _moment(until) + "~"},
            },
            ScanIndexForward=False,
            Limit=limit,
        )
        return [from_item(item, WebhookEvent) for item in answer["Items"]]

    def _put(self, key: Key, model: WebhookEvent | WebhookSeen, extra: dict[str, str | int | float]) -> None:
        self._calls.client.put_item(TableName=self._calls.name, Item=to_item(key, model, 1, extra))


def _moment(at: datetime) -> str:
    """Sorts by time: always with microseconds."""
    return at.isoformat(timespec="microseconds")


def _key(company_id: str, account_id: str, at: datetime, event_id: str) -> Key:
    return keys.webhook_event(company_id, account_id, f"{at:%Y%m%d}", _moment(at), event_id)


def _seen(company_id: str, account_id: str) -> Key:
    return keys.webhook_event(company_id, account_id, "SEEN", "META", "")
