"""The event log of a call: it replays to the same commands, holds nothing anybody said, and costs next to nothing."""

import gzip
import json
import sys
import time
import typing
from dataclasses import fields
from random import Random
from typing import Any

import pytest

from media_tier.call.commands import Command, Finish, ToolOutcome
from media_tier.call.events import (
    Dtmf,
    EndRequested,
    Event,
    LegConnected,
    Outcome,
    Party,
    ProviderFailed,
    ResponseEnded,
    ResponseTranscribed,
    ToolFinished,
    ToolRequested,
    ToolsCancelled,
    Transcribed,
)
from media_tier.call.session import CallSession
from media_tier.engine.replay import LIMIT_BYTES, EventLog, EventLogKeeping, Mask, read, replay
from media_tier.engine.roster import DrainPlan
from shared.contracts.records.call import EndReason, FrozenConfiguration
from tests.call.script import configuration
from tests.call.world import Use, World
from tests.media.call_fakes import NoModel, SilentLeg, Surroundings, roster_of
from tests.media.door_fakes import until

NAME, NUMBER = "Wilhelmina", "4915112345678"
ORDER = {"status": "shipped", "to": NAME, "total": 4915, "parcels": [7, {"note": NUMBER}]}


def answer(text: str) -> str | Use:
    if "order" in text:
        return Use("check_order_status", {"order_number": NUMBER, "name": NAME})
    return f"Certainly, {NAME}, we are open Monday through Friday, 9 AM to 5 PM."


def a_call(seed: int, **options: Any) -> World:
    """A caller who tells their name and number, interrupts, waits, and takes leave."""
    world = World(configuration(), frozenset({"check_order_status"}), answer, seed=seed, **options)
    random = Random(seed)
    said = [f"my name is {NAME}", f"where is order {NUMBER}", "hold on", f"it’s {NUMBER}, thank you", "goodbye then"]
    at = 4.0
    for text in said:
        at += random.uniform(1.5, 9.0)
        world.caller_says(at, text, random.uniform(0.3, 2.0))
    return world.run()


def logged(configuration: FrozenConfiguration, happened: list[tuple[float, Event]], **more: Any) -> EventLog:
    log = EventLog(configuration, tool_names=frozenset({"check_order_status"}), **more)
    for now, event in happened:
        log.note(now, event)
    return log


def masked(configuration: FrozenConfiguration, commands: list[tuple[float, Command]]) -> list[tuple[float, Any]]:
    mask = Mask(configuration.settings)
    return [(now, mask.command(command)) for now, command in commands]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "options",
    [{}, {"rendered": False}, {"drop_at": 12}, {"leg_drop_at": 15}, {"tool_ok": False}, {"connects": lambda _: False}],
    ids=["good", "prompts spoken by the AI", "connection lost", "caller back", "tool fails", "no provider"],
)
def test_a_replay_gives_the_commands_of_the_call(seed: int, options: dict[str, Any]) -> None:
    world = a_call(seed, **options)
    assert world.finishes
    data = logged(world.configuration, world.events).dump()
    recorded = read(data)
    assert [type(event) for _, event in recorded.events] == [type(event) for _, event in world.events]
    again = replay(world.configuration, recorded)
    session = CallSession(world.configuration, tool_names=world.tool_names)
    commands = [(now, command) for now, event in world.events for command in session.receive(event, now)]
    # The world carries some commands out while others of the same moment are yet to come: it has its own order.
    assert sorted(map(repr, commands)) == sorted(map(repr, world.commands))
    assert masked(world.configuration, again) == masked(world.configuration, commands)
    lines = gzip.decompress(data).decode()
    assert NAME not in lines and NUMBER not in lines


def test_a_resumed_call_is_replayed_from_where_it_was() -> None:
    world = a_call(3)
    half = len(world.events) * 2 // 3
    first = World(configuration(), world.tool_names, answer)
    for now, event in world.events[:half]:
        first.session.receive(event, now)
    core = json.loads(json.dumps(first.session.snapshot()))
    core["tools"] = [{"call_id": "t", "name": "check_order_status", "arguments": {"n": NUMBER}, "output": ORDER}]
    rest = [(0.0, LegConnected(Party.CALLER, resumed=True)), *((now, event) for now, event in world.events[half:])]
    log = logged(world.configuration, rest, elapsed_ms=core["elapsed_ms"], core=core)
    recorded = read(log.dump())
    assert NAME not in str(recorded) and NUMBER not in str(recorded)
    commands = replay(world.configuration, recorded)
    outcomes = [done for _, command in commands for done in getattr(command, "tools_done", ())]
    assert outcomes and isinstance(outcomes[0], ToolOutcome) and outcomes[0].name == "check_order_status"


def sample(hint: Any) -> Any:
    """A value of this type."""
    if isinstance(hint, type) and issubclass(hint, (Party, Outcome)):
        return next(iter(hint))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return ("a", "b")
    if origin is dict:
        return {"key": 7}
    return {str: "word 1", int: 3, float: 2.5, bool: True}[hint if origin is None else arguments[0]]


@pytest.mark.parametrize("kind", typing.get_args(Event), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_comes_back(kind: type[Any]) -> None:
    hints = typing.get_type_hints(kind)
    event = kind(**{part.name: sample(hints[part.name]) for part in fields(kind)})
    ((now, back),) = read(logged(configuration(), [(12.25, event)]).dump()).events
    mask = Mask(configuration().settings)
    assert now == 12.25 and type(back) is kind
    for part in fields(kind):
        value, came = getattr(event, part.name), getattr(back, part.name)
        assert came == value or came == mask.value(value) or part.name == "digit", part.name
        assert type(came) is type(value)


def test_what_is_personal_is_gone_and_what_policies_listen_for_is_not() -> None:
    happened: list[Event] = [
        Transcribed("turn-1", f"Hello, I’m {NAME}. GOOD-BYE, goodbye!"),
        Transcribed("turn-2", "नमस्ते Zoë, hang  on 12\ud800"),
        ResponseTranscribed("r", "i", " bye"),
        ToolRequested("c", "save", {"phone": NUMBER, "age": 47, "vip": True, "none": None}, "r"),
        ToolFinished("c", ORDER),
        ToolsCancelled(("c",)),
        ProviderFailed(1, "closed_1006", f"for {NAME}"),
        *(Dtmf(digit) for digit in "71190#"),
        ResponseEnded("r", Outcome.COMPLETED, {"i": 1234}),
    ]
    back = [event for _, event in read(logged(configuration(), [(1.0, event) for event in happened]).dump()).events]
    assert back == [
        Transcribed("turn-1", f"xxxxx, x’x {'x' * len(NAME)}. GOOD-BYE, goodbye!"),
        Transcribed("turn-2", "xxx\u0301x\u0301 xxx, hang  on xx?"),
        ResponseTranscribed("r", "i", " bye"),
        ToolRequested("c", "save", {"phone": "x" * 13, "age": 10, "vip": True, "none": None}, "r"),
        ToolFinished("c", {"status": "xxxxxxx", "to": "x" * 10, "total": 1000, "parcels": [1, {"note": "x" * 13}]}),
        ToolsCancelled(("c",)),
        ProviderFailed(1, "closed_1006", f"xxx {'x' * len(NAME)}"),
        *(Dtmf(digit) for digit in "21222#"),
        ResponseEnded("r", Outcome.COMPLETED, {"i": 1234}),
    ]


def test_the_phrases_of_the_settings_stay() -> None:
    settings = configuration(end_phrase="that's it", interruption={"ignored_backchannels": ["uh-huh"]}).settings
    assert Mask(settings).text("Well, THAT’S  it! Uh huh; uh-huhs, hatthat's it") == (
        "xxxx, THAT’S  it! Uh huh; xx-xxxx, xxxxxxx'x xx"
    )


def test_a_log_is_bounded_and_says_what_it_lost() -> None:
    random = Random(1)
    log = EventLog(configuration(), tool_names=frozenset())
    for number in range(40_000):
        log.note(number / 50, ResponseTranscribed(f"resp_{random.random()}", f"item_{random.random()}", "a word"))
    data = log.dump()
    assert len(data) < LIMIT_BYTES + 1000
    recorded = read(data)
    assert recorded.dropped > 0 and recorded.dropped + len(recorded.events) == 40_000
    with pytest.raises(ValueError, match="dropped"):
        replay(configuration(), recorded)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", gzip.compress(b""), gzip.compress(b'{}\n[1,"Nothing"]\n'), b"\x1f\x8b\x08"],
    ids=["empty", "no gzip", "no lines", "unknown event", "cut short"],
)
def test_what_is_no_log_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read(data)


def test_an_event_that_cannot_be_written_does_not_reach_the_call(caplog: pytest.LogCaptureFixture) -> None:
    class Odd:
        pass

    log = EventLog(configuration(), tool_names=frozenset())
    log.note(1.0, typing.cast(Event, Odd()))
    assert read(log.dump()).events == []
    assert "cannot be logged" in caplog.text


async def test_a_failed_calls_log_is_kept_and_replays() -> None:
    kept: list[bytes] = []

    async def store(data: bytes) -> None:
        kept.append(data)

    surroundings = Surroundings(model=NoModel(), event_log=EventLogKeeping(store))
    roster = roster_of(surroundings)
    await roster.admit("one", "t", "o", SilentLeg())
    await until(lambda: kept)
    (call,) = surroundings.joined.values()
    assert surroundings.notebooks[call.call_id].ended[0][0] is EndReason.PROVIDER_UNAVAILABLE
    finishes = [command for _, command in replay(call.configuration, read(kept[0])) if isinstance(command, Finish)]
    assert [finish.reason for finish in finishes] == [EndReason.PROVIDER_UNAVAILABLE]


@pytest.mark.parametrize("always", [False, True])
async def test_an_ordinary_calls_log_is_kept_only_if_asked_for(always: bool) -> None:
    kept: list[bytes] = []

    async def store(data: bytes) -> None:
        kept.append(data)

    surroundings = Surroundings(event_log=EventLogKeeping(store, always=always))
    roster = roster_of(surroundings)
    attachment = await roster.admit("one", "t", "o", SilentLeg())
    attachment.on_event(EndRequested(Party.CALLER))
    await until(lambda: roster.calls == 0)
    await roster.drain(DrainPlan(0))
    assert len(kept) == always


async def test_a_store_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def store(data: bytes) -> None:
        raise OSError

    roster = roster_of(Surroundings(model=NoModel(), event_log=EventLogKeeping(store)))
    await roster.admit("one", "t", "o", SilentLeg())
    await until(lambda: "event log not stored" in caplog.text)
    await roster.drain(DrainPlan(0))


def main() -> None:
    """Print what noting an event costs: `python -m tests.media.test_replay`."""
    words = [ResponseTranscribed("resp_CzAbCdEfGh123456", "item_CzAbCdEf9876543", " word", n) for n in range(2000)]
    happened: list[tuple[float, Event]] = [(n / 50, word) for n, word in enumerate(words)]
    happened += [pair for seed in range(8) for pair in a_call(seed).events]
    rounds, best = 20, float("inf")
    size = 0
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            size = len(logged(configuration(), happened)._packed)
        best = min(best, time.process_time() - began)
    count = rounds * len(happened)
    print(f"{best / count * 1e6:.2f} us per event, {count} events, {size} batches", file=sys.stderr)


if __name__ == "__main__":
    main()
