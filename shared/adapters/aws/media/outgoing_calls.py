"""Calls that a media process makes itself, on DynamoDB, asynchronously. See shared.ports.outgoing_calls.

The session's token is used up when a call is reserved, so that no offer, however often it comes, makes it twice.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.carrier_calls import KEPT_SECONDS, joined
from shared.adapters.aws.dynamo.documents import Item, Key, from_item, lost_condition, put_arguments, rev_of
from shared.contracts.errors import Conflict
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason, Session
from shared.contracts.records.carrier_call import CarrierCall
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.domain.carrier_progress import conclude
from shared.ports.outgoing_calls import Reserved

ATTEMPTS = 12
RETRY_SECONDS = 0.1
Put = dict[str, Any]


class DynamoOutgoingCalls:
    """`dynamo` and `sqs` are aiobotocore clients; `queue_url` is where calls that ended are announced."""

    def __init__(
        self,
        dynamo: Any,
        sqs: Any,
        *,
        calls: str,
        live: str,
        queue_url: str,
        token: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._dynamo, self._sqs, self._calls, self._live = dynamo, sqs, calls, live
        self._queue_url, self._token = queue_url, token

    async def reserve(self, offer: WhatsAppOffer, origin: str, now: datetime) -> Reserved | None:
        """Use the offer's token up."""
        token, key = self._token(), keys.session(offer.session_id)
        given, ours = _hashed(offer.token), _hashed(token)
        for _ in range(ATTEMPTS):
            item = await self._get(self._live, key)
            session = None if item is None else from_item(item, Session)
            if item is None or session is None or session.origin != origin or now >= session.expires_at:
                return None
            stored = await self._get(self._calls, keys.call(session.company_id, session.call_id))
            call = None if stored is None else from_item(stored, CallRecord)
            if call is None or call.direction != "outbound" or call.status is not CallStatus.PENDING:
                return None
            if session.resume_hash == ours:
                return Reserved(call, token)  # an earlier try arrived, its answer did not
            if session.token_used or session.resume_hash != given:
                return None
            used = session.model_copy(update={"token_used": True, "resume_hash": ours})
            expires = {"expires": int(session.expires_at.timestamp())}
            await self._write(put_arguments(self._live, key, used, replaces=rev_of(item), extra=expires))
        return None

    async def placed(self, call: CallRecord, outbound_id: str, carrier_call_id: str, now: datetime) -> None:
        """Bind both, whatever was reported of the carrier's call before."""
        assert call.account_id is not None
        fresh = CarrierCall(
            company_id=call.company_id,
            account_id=call.account_id,
            carrier_call_id=carrier_call_id,
            kind="whatsapp",
            call_id=call.call_id,
            session_id=call.session_id,
            outbound_id=outbound_id or None,
        )
        key = keys.carrier_call(call.company_id, call.account_id, carrier_call_id)

        def bind(stored: CarrierCall | None) -> CarrierCall:
            return joined(stored, fresh)

        await self._change(key, CarrierCall, bind, {"expires": int(now.timestamp()) + KEPT_SECONDS})

        def name(stored: CallRecord | None) -> CallRecord | None:
            if stored is None or stored.carrier_call_id is not None:
                return stored
            return stored.model_copy(update={"carrier_call_id": carrier_call_id})

        await self._change(keys.call(call.company_id, call.call_id), CallRecord, name)

    async def conclude(self, carrier: CarrierCall, now: datetime) -> None:
        """As the webhooks do, for reports that came before anybody knew whose call they were of."""
        if carrier.call_id is None:
            return
        call_key = keys.call(carrier.company_id, carrier.call_id)
        key = keys.carrier_call(carrier.company_id, carrier.account_id, carrier.carrier_call_id)
        for _ in range(ATTEMPTS):
            call_item, item = await self._get(self._calls, call_key), await self._get(self._calls, key)
            if call_item is None or item is None:
                return
            call, known = from_item(call_item, CallRecord), from_item(item, CarrierCall)
            changes = None if call.ended_at is not None else conclude(call, known.facts, now)
            if changes is None:
                return
            ended, noted = call.model_copy(update=changes), known.model_copy(update={"concluded": True})
            expires = {"expires": int(now.timestamp()) + KEPT_SECONDS}
            puts = [
                put_arguments(self._calls, key, noted, replaces=rev_of(item), extra=expires),
                put_arguments(self._calls, call_key, ended, replaces=rev_of(call_item), extra=keys.call_extra(ended)),
            ]
            if await self._write(*puts):
                await self._announce(call)
                return
        raise Conflict("This call is being changed by somebody else.")

    async def refused(self, call: CallRecord, outbound_id: str, sentence: str, now: datetime) -> None:
        """End the call and say why in the wish."""
        await self._end(call, now)
        await self._settle(call, outbound_id, OutboundState.REFUSED, sentence)

    async def failed(self, call: CallRecord, now: datetime) -> None:
        """End the call."""
        await self._end(call, now)

    async def lost(self, call: CallRecord, outbound_id: str, sentence: str) -> None:
        """Say so in the wish."""
        await self._settle(call, outbound_id, OutboundState.UNCERTAIN, sentence)

    async def _end(self, call: CallRecord, now: datetime) -> None:
        def end(stored: CallRecord | None) -> CallRecord | None:
            if stored is None or stored.ended_at is not None or stored.owner is not None:
                return stored
            changes = {
                "status": CallStatus.FAILED,
                "end_reason": EndReason.ERROR,
                "ended_by": EndedBy.CARRIER,
                "ended_at": now,
                "duration_ms": 0,
            }
            return stored.model_copy(update=changes)

        if await self._change(keys.call(call.company_id, call.call_id), CallRecord, end):
            await self._announce(call)

    async def _settle(self, call: CallRecord, outbound_id: str, state: OutboundState, sentence: str) -> None:
        def settle(stored: OutboundCall | None) -> OutboundCall | None:
            return None if stored is None else stored.model_copy(update={"state": state, "detail": sentence[:300]})

        if outbound_id:
            await self._change(keys.outbound_call(call.company_id, outbound_id), OutboundCall, settle)

    async def _change[M: BaseModel](
        self,
        key: Key,
        kind: type[M],
        change: Callable[[M | None], M | None],
        extra: Mapping[str, int] | None = None,
    ) -> bool:
        """Whether something was changed. What lies beside the record (`extra` None) stays as it is."""
        for _ in range(ATTEMPTS):
            item = await self._get(self._calls, key)
            stored = None if item is None else from_item(item, kind)
            changed = change(stored)
            if changed is None or changed == stored:
                return False
            beside: Mapping[str, str | int | float] | None = extra
            if isinstance(changed, CallRecord):
                beside = keys.call_extra(changed)
            elif extra is None and item is not None and "expires" in item:
                beside = {"expires": int(item["expires"]["N"])}
            replaces = None if item is None else rev_of(item)
            if await self._write(put_arguments(self._calls, key, changed, replaces=replaces, extra=beside)):
                return True
        raise Conflict("This is being changed by somebody else.")

    async def _write(self, *puts: Put) -> bool:
        """Whether it was written for sure; if not, what is there now must be looked at."""
        try:
            if len(puts) == 1:
                await self._dynamo.put_item(**puts[0])
            else:
                await self._dynamo.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if not lost_condition(error):
                raise
        except (BotoCoreError, OSError, TimeoutError):
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return True
        return False

    async def _announce(self, call: CallRecord) -> None:
        body = json.dumps({"company_id": call.company_id, "call_id": call.call_id})
        await self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)

    async def _get(self, table: str, key: Key) -> Item | None:
        answer = await self._dynamo.get_item(TableName=table, Key=key.attributes, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
