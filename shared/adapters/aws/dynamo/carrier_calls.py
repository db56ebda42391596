"""What carriers said of their calls (table `calls`), and the calls and sessions opened for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key, from_item, lost_condition, put_arguments, rev_of
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord, Session
from shared.contracts.records.carrier_call import CarrierCall, HandOver
from shared.domain.carrier_progress import join

KEPT_SECONDS = 30 * 86_400
"""Meta repeats what it could not deliver for a week."""
ATTEMPTS = 12


class DynamoCarrierCalls:
    """See shared.ports.carrier_calls."""

    def __init__(self, calls: Table, live: Table) -> None:
        self._calls, self._live = calls, live

    def get(self, company_id: str, account_id: str, carrier_call_id: str) -> CarrierCall | None:
        """A carrier's call."""
        return self._calls.get(keys.carrier_call(company_id, account_id, carrier_call_id), CarrierCall)

    def open(self, call: CallRecord, session: Session, carrier: CarrierCall, now: datetime) -> CarrierCall:
        """Store call, session and carrier's call together, unless this carrier's call has its call already."""
        key = _key(carrier)
        for _ in range(ATTEMPTS):
            stored, rev = self._read(key)
            if stored is not None and stored.call_id is not None:
                return stored
            both = joined(stored, carrier)
            expires = {"expires": int(session.expires_at.timestamp())}
            call_key = keys.call(call.company_id, call.call_id)
            puts = [
                put_arguments(self._calls.name, key, both, replaces=rev, extra=_expires(now)),
                put_arguments(self._calls.name, call_key, call, replaces=None, extra=keys.call_extra(call)),
                put_arguments(self._live.name, keys.session(session.session_id), session, replaces=None, extra=expires),
            ]
            try:
                self._calls.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
            except ClientError as error:
                if not lost_condition(error):
                    raise
            else:
                return both
        raise Conflict("This call is being stored by somebody else.")

    def merge(self, carrier: CarrierCall, now: datetime) -> tuple[CarrierCall, bool]:
        """Join; returns what is stored then, and whether that is new."""
        return self._change(carrier, lambda stored: joined(stored, carrier), now)

    def conclude(self, carrier: CarrierCall, call: CallRecord, changes: dict[str, Any], now: datetime) -> bool:
        """Change a call by what the carrier said, if both are still as they were read."""
        call_key = keys.call(call.company_id, call.call_id)
        item = self._calls.item(call_key)
        stored, rev = self._read(_key(carrier))
        if item is None or from_item(item, CallRecord) != call or stored != carrier:
            return False
        concluded = carrier.model_copy(update={"concluded": True})
        changed = call.model_copy(update=changes)
        puts = [
            put_arguments(self._calls.name, _key(carrier), concluded, replaces=rev, extra=_expires(now)),
            put_arguments(self._calls.name, call_key, changed, replaces=rev_of(item), extra=keys.call_extra(changed)),
        ]
        try:
            self._calls.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True

    def set_hand_over(self, carrier: CarrierCall, hand_over: HandOver | None, now: datetime) -> None:
        """Ask for the caller to be bridged, or note that this was done."""
        changes = {"hand_over": hand_over}
        self._change(carrier, lambda stored: (stored or carrier).model_copy(update=changes), now)

    def renew(self, session_id: str, resume_hash: str, *, unclaimed: bool = False) -> bool:
        """Make a resume token the only one that is valid; of an unclaimed session the first token stays valid too."""
        key = keys.session(session_id)
        for _ in range(ATTEMPTS):
            item = self._live.item(key)
            if item is None:
                return False
            session = from_item(item, Session)
            if unclaimed and session.token_used:
                return False
            renewed = session.model_copy(update={"resume_hash": resume_hash})
            try:
                self._live.replace(key, renewed, rev_of(item), {"expires": int(session.expires_at.timestamp())})
            except Conflict:
                continue
            return True
        raise Conflict("This session is being changed by somebody else.")

    def _read(self, key: Key) -> tuple[CarrierCall | None, int | None]:
        item = self._calls.item(key)
        return (None, None) if item is None else (from_item(item, CarrierCall), rev_of(item))

    def _change(
        self, carrier: CarrierCall, change: Callable[[CarrierCall | None], CarrierCall], now: datetime
    ) -> tuple[CarrierCall, bool]:
        for _ in range(ATTEMPTS):
            stored, rev = self._read(_key(carrier))
            changed = change(stored)
            if changed == stored:
                return changed, False
            try:
                self._calls.replace(_key(carrier), changed, rev, _expires(now))
            except Conflict:
                continue
            return changed, True
        raise Conflict("This call is being changed by somebody else.")


def joined(stored: CarrierCall | None, new: CarrierCall) -> CarrierCall:
    """Facts are joined; an id, once known, stays."""
    if stored is None:
        return new
    changes: dict[str, Any] = {
        name: getattr(stored, name) if getattr(stored, name) is not None else getattr(new, name)
        for name in ("call_id", "session_id", "outbound_id", "answer_sdp", "hand_over")
    }
    changes["facts"] = join(stored.facts, new.facts)
    for flag in ("offered", "concluded"):
        changes[flag] = getattr(stored, flag) or getattr(new, flag)
    return stored.model_copy(update=changes)


def _key(carrier: CarrierCall) -> Key:
    return keys.carrier_call(carrier.company_id, carrier.account_id, carrier.carrier_call_id)


def _expires(now: datetime) -> dict[str, str | int | float]:
    return {"expires": int(now.timestamp()) + KEPT_SECONDS}
