"""Calls to WhatsApp users, through everything that is deployed: permission, worker, queue, process, Meta, record."""

import asyncio
import time

import numpy as np
import pytest

from infra.local.standins.meta import Patience
from infra.local.standins.meta_world import GraphError
from shared.contracts.records.call import CallStatus, EndedBy, EndReason
from shared.contracts.records.outbound_call import OutboundState
from shared.services.outbound_calls import user_hash
from tests.media.whatsapp_house import ACCOUNT, COMPANY, NUMBER, USER, House, house, taken
from tests.media.whatsapp_peer import until
from tests.platform import Cloud


def state_of(h: House, outbound_id: str) -> tuple[OutboundState, str]:
    found = h.ports.outbound.get(COMPANY, outbound_id)
    assert found is not None
    return found.state, found.detail


async def test_a_user_gives_permission_is_called_greeted_and_hangs_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(cloud, monkeypatch) as h:
        h.user.permission = "no_permission"
        outbound = await h.wish()
        assert state_of(h, outbound.outbound_id)[0] is OutboundState.WAITING
        assert [message["interactive"]["type"] for message in h.meta.graph.messages] == ["call_permission_request"]
        h.meta.answer_request(NUMBER, h.user, "accept")
        call = await taken(h)
        assert (call.direction, call.opaque) == ("BUSINESS_INITIATED", h.stored()[0].call_id)
        assert call.phone.early_packets == 0
        await until(lambda: np.abs(call.phone.sound()).max(initial=0) > 2000, 20)
        await until(lambda: h.stored()[0].status is CallStatus.ACTIVE)
        began = time.monotonic()
        await h.meta.hang_up(call)
        record = await h.over()
        assert time.monotonic() - began < 2
        await until(lambda: h.process.roster.calls == 0 and h.held == 0)
        assert call.actions == [], "nothing was left to tell"
        assert (record.status, record.end_reason, record.ended_by) == (
            CallStatus.COMPLETED, EndReason.USER_ENDED, EndedBy.CALLER,
        )  # fmt: skip
        assert (record.carrier_call_id, record.direction) == (call.call_id, "outbound")
        permission = h.ports.permissions.get(COMPANY, ACCOUNT, user_hash(f"+{USER}"))
        assert [(attempt.carrier_call_id, attempt.connected) for attempt in permission.attempts] == [
            (call.call_id, True)
        ]
        assert state_of(h, outbound.outbound_id)[0] is OutboundState.PLACED
    assert h.endings() == 1
    assert not [
        entry for entry in caplog.records if entry.levelname in ("WARNING", "ERROR") and "loop" not in entry.msg
    ]
    assert USER not in caplog.text


async def test_we_hang_up_and_meta_is_told_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(cloud, monkeypatch) as h:
        await h.wish()
        call = await taken(h)
        [live] = h.process.roster._calls.values()
        live.finish(EndReason.MAX_DURATION, EndedBy.POLICY, 0)
        await until(lambda: h.held == 0)
        record = await h.over()
        assert (call.actions, call.ended) == (["terminate"], True)
        assert (record.end_reason, record.ended_by) == (EndReason.MAX_DURATION, EndedBy.POLICY)
    assert h.endings() == 1


@pytest.mark.parametrize("picks_up", [False, None])
async def test_a_call_that_is_turned_down_or_rings_out_ends_as_not_connected(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, picks_up: bool | None
) -> None:
    async with house(cloud, monkeypatch, Patience(answer=1.0)) as h:
        h.user.picks_up = picks_up
        await h.wish()
        record = await h.over()
        [call] = h.rung
        await until(lambda: h.held == 0)
        assert (record.status, record.end_reason) == (CallStatus.ABANDONED, EndReason.NEVER_CONNECTED)
        assert (call.actions, call.phone.heard, record.epoch) == ([], [], 0), "nobody spoke into a ringing phone"

        def attempts() -> list[bool]:
            known = h.ports.permissions.get(COMPANY, ACCOUNT, user_hash(f"+{USER}"))
            return [attempt.connected for attempt in known.attempts]

        await until(attempts)
        assert attempts() == [False]
    assert h.endings() == 1


async def test_a_phone_that_rings_too_long_is_given_up_by_us(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.services.whatsapp_permissions.ANSWER_SECONDS", 2)
    async with house(cloud, monkeypatch) as h:
        h.user.picks_up = None
        await h.wish()
        record = await h.over()
        assert (h.rung[0].actions, record.end_reason) == (["terminate"], EndReason.NEVER_CONNECTED)


async def test_what_meta_refuses_is_said_where_it_was_wished(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(cloud, monkeypatch) as h:

        async def refuse(*_: object) -> None:
            raise GraphError(138006)

        h.meta.graph._placed = refuse  # type: ignore[assignment]  # permission ended between our asking and our calling
        outbound = await h.wish()
        record = await h.over()
        assert (record.status, record.end_reason, record.ended_by) == (
            CallStatus.FAILED, EndReason.ERROR, EndedBy.CARRIER,
        )  # fmt: skip
        await until(lambda: state_of(h, outbound.outbound_id)[0] is OutboundState.REFUSED)
        assert state_of(h, outbound.outbound_id)[1] == "This user has not allowed calls from this number."
        assert h.rung == []
    assert h.endings() == 1


async def test_an_offer_that_comes_twice_rings_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(cloud, monkeypatch) as h:
        queues = h.carriers.world.queues
        send = queues.send
        monkeypatch.setattr(queues, "send", lambda offer: (send(offer), send(offer)))
        outbound = await h.wish()
        await taken(h)
        # Whoever died after the offer was sent, and before that was noted, sends another one.
        placed = h.ports.outbound.get(COMPANY, outbound.outbound_id)
        assert placed is not None
        h.ports.outbound.change(placed, {"state": OutboundState.REQUESTED})
        queues.wishes.append((COMPANY, outbound.outbound_id, 0))
        await h.work()
        await asyncio.sleep(1)
        assert len(h.rung) == 1 and len(h.stored()) == 1


async def test_a_lost_answer_is_not_asked_for_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(cloud, monkeypatch) as h:
        place, asked = h.meta.graph._placed, []

        async def lose(*arguments: object) -> None:
            asked.append(await place(*arguments))  # type: ignore[arg-type]  # as it came
            raise ConnectionResetError

        h.meta.graph._placed = lose  # type: ignore[assignment]  # it rings, and we are not told
        h.user.picks_up = False
        outbound = await h.wish()
        record = await h.over()
        assert (len(asked), record.end_reason) == (1, EndReason.NEVER_CONNECTED)
        assert record.carrier_call_id == asked[0].call_id, "the webhooks know whose call it is"
        await until(lambda: state_of(h, outbound.outbound_id)[0] is OutboundState.UNCERTAIN)


async def test_reports_that_know_no_call_of_ours_yet_still_end_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Meta reports before it returned the call's id, without what we gave along."""
    monkeypatch.setattr("infra.local.standins.meta_world._opaque", lambda call: {})
    async with house(cloud, monkeypatch) as h:
        h.user.picks_up, h.user.picks_up_after = False, 0.0
        await h.wish()
        record = await h.over()
        assert (record.status, record.end_reason) == (CallStatus.ABANDONED, EndReason.NEVER_CONNECTED)
    assert h.endings() == 1


async def test_a_leaving_process_stays_with_its_calls_and_takes_no_new_ones(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(cloud, monkeypatch, WHATSAPP_DRAIN_SECONDS="60") as h:
        await h.wish()
        call = await taken(h)
        stopping = asyncio.create_task(h.process.stop())
        await asyncio.sleep(1)
        heard = len(call.phone.heard)
        other = await h.meta.ring(NUMBER)
        await asyncio.sleep(1)
        assert not stopping.done() and len(call.phone.heard) - heard > 40
        assert other.actions == []
        await h.meta.hang_up(call)
        await asyncio.wait_for(stopping, 10)
        record = next(one for one in h.stored() if one.carrier_call_id == call.call_id)
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.USER_ENDED)
        monkeypatch.setattr(h.process, "stop", lambda: asyncio.sleep(0))


async def test_a_process_that_may_stay_no_longer_ends_its_calls_properly(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(cloud, monkeypatch) as h:
        await h.wish()
        call = await taken(h)
    [record] = h.stored()
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.CONNECTION_LOST)
    assert call.actions == ["terminate"]
