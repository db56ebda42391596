"""What must hold for every sequence of events, however senseless: random scripts with stale and repeated ids."""

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.call.commands import CloseProvider, Finish, OpenProvider, RunTool, SubmitToolResult, TellStatus
from media_tier.call.events import (
    DrainRequested,
    Dtmf,
    EndRequested,
    Event,
    LegConnected,
    LegDropped,
    MuteChanged,
    Outcome,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptMissing,
    ProviderExpiring,
    ProviderFailed,
    ProviderReady,
    ProviderResumable,
    QualityMeasured,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Tick,
    ToolFinished,
    ToolRequested,
    ToolsCancelled,
    Transcribed,
)
from media_tier.call.phases import Phase
from media_tier.call.session import CallSession
from shared.contracts.records.call import FrozenConfiguration, Role, TranscriptSegment
from tests.call.script import CONNECTED, GEMINI_LIKE, OPENAI_LIKE, Said, configuration, model, only, play

PARTIES = st.sampled_from(Party)
CONNECTIONS = st.integers(0, 4)
TURNS = st.sampled_from(["turn-1", "turn-2", "turn-3"])
RESPONSES = st.sampled_from(["response-1", "response-2", "response-3"])
ITEMS = st.sampled_from(["item-1", "item-2", "item-3"])
PLAYBACKS = st.one_of(ITEMS, st.integers(1, 6).map("prompt-{}".format))
CALLS = st.sampled_from(["call-1", "call-2", "call-3"])
TEXTS = st.sampled_from(["hello there", "goodbye", "hold on", "mhm", "", "My number is 5"])
MS = st.integers(-50, 6000)

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(LegConnected, PARTIES, st.booleans()),
    st.builds(LegDropped, PARTIES),
    st.builds(EndRequested, st.just(Party.AGENT)),
    st.builds(Dtmf, st.sampled_from("1234567890*#")),
    st.builds(MuteChanged, st.booleans()),
    st.builds(QualityMeasured, st.floats(0, 1000), st.integers(0, 3)),
    st.builds(ProviderReady, CONNECTIONS, st.sampled_from([None, 0.0, 20.0, 900.0]), st.booleans()),
    st.builds(ProviderFailed, CONNECTIONS, st.just("x"), st.just(""), st.booleans(), st.booleans()),
    st.builds(ProviderExpiring, CONNECTIONS, st.sampled_from([0.0, 4.0, 12.0, 60.0])),
    st.builds(ProviderResumable, CONNECTIONS, st.just("handle")),
    st.builds(SpeechStarted, TURNS, MS, CONNECTIONS),
    st.builds(SpeechStopped, TURNS, MS, CONNECTIONS),
    st.builds(Transcribed, TURNS, st.none() | TEXTS, st.booleans(), st.none(), CONNECTIONS),
    st.builds(ResponseStarted, RESPONSES, st.none() | st.sampled_from(["resume", "prompt-1"]), CONNECTIONS),
    st.builds(ResponseTranscribed, RESPONSES, ITEMS, TEXTS, MS, st.booleans(), CONNECTIONS),
    st.builds(
        ResponseEnded,
        RESPONSES,
        st.sampled_from(Outcome),
        st.dictionaries(ITEMS, MS, max_size=2),
        st.just(""),
        CONNECTIONS,
    ),
    st.builds(ResponseInterrupted, RESPONSES, CONNECTIONS),
    st.builds(
        ToolRequested,
        CALLS,
        st.sampled_from(["look_up", "unknown", "transfer_to_human", "end_call"]),
        st.just({"a": 1}),
        RESPONSES,
        CONNECTIONS,
    ),
    st.builds(ToolsCancelled, st.tuples(CALLS), CONNECTIONS),
    st.builds(ToolFinished, CALLS, st.just({"b": 2}), st.booleans()),
    st.builds(PlaybackStarted, PLAYBACKS),
    st.builds(PlaybackFinished, PLAYBACKS, MS),
    st.builds(PlaybackStopped, PLAYBACKS, MS),
    st.builds(PromptMissing, PLAYBACKS),
    st.just(DrainRequested()),
    st.just(Tick()),
)
READY: list[tuple[int, Event]] = [(100, ProviderReady(1)), (0, PlaybackFinished("prompt-1", 90))]
STEPS = st.builds(
    lambda ready, steps: READY * ready + steps,
    st.booleans(),
    st.lists(st.tuples(st.sampled_from([0, 30, 200, 900, 6000, 31_000]), EVENTS), max_size=40),
)
CONFIGURATIONS = st.sampled_from(
    [
        configuration(OPENAI_LIKE, recording={"enabled": True}, disclosure={"enabled": True}),
        configuration(
            GEMINI_LIKE,
            interruption={"ignored_backchannels": ["mhm"]},
            fallback="offer_callback",
            fallback_model=model(OPENAI_LIKE, "second"),
        ),
        configuration(OPENAI_LIKE, interruption={"allowed": False}, fallback="queue_for_human"),
    ]
)


def begun(chosen: FrozenConfiguration, steps: list[tuple[int, Event]]) -> tuple[CallSession, list[list[Said]], int]:
    """Connect and play random steps (their times are pauses); the commands after each, and the time at the end."""
    session = CallSession(chosen, tool_names=frozenset({"look_up"}))
    at, said = 0, [play(session, (0, CONNECTED))]
    for pause, event in steps:
        at += pause
        said.append(play(session, (at, event)))
        deadline = session.next_deadline()
        assert deadline is None or deadline > at / 1000, "a deadline that was reached would spin the driver"
    return session, said, at


@given(CONFIGURATIONS, STEPS)
@settings(max_examples=100)
def test_every_call_ends_exactly_once(chosen: FrozenConfiguration, steps: list[tuple[int, Event]]) -> None:
    session, said, at = begun(chosen, steps)
    if session.phase not in (Phase.CONNECTING, Phase.ENDED):
        assert session.next_deadline() is not None
        said.append(play(session, until=at + 12 * 60_000))
    commands = [command for part in said for _, command in part]
    assert session.phase is Phase.ENDED
    assert [isinstance(command, Finish) for command in commands].index(True) == len(commands) - 1
    opened = Counter(command.connection for command in commands if isinstance(command, OpenProvider))
    closed = Counter(command.connection for command in commands if isinstance(command, CloseProvider))
    assert max(opened.values()) == 1
    assert not closed - opened, "only what was opened is closed, once"
    assert len(opened) - len(closed) <= 2, "Finish closes the one in use and the one that was coming"


@given(CONFIGURATIONS, STEPS)
@settings(max_examples=100)
def test_every_tool_request_is_answered_at_most_once(
    chosen: FrozenConfiguration, steps: list[tuple[int, Event]]
) -> None:
    _, said, _ = begun(chosen, steps)
    runs: Counter[tuple[int, str]] = Counter()
    answers: Counter[tuple[int, str]] = Counter()
    asked: set[str] = set()
    connections = 1
    for (_, event), part in zip([(0, CONNECTED), *steps], said, strict=True):
        if isinstance(event, ToolRequested):
            asked.add(event.call_id)
        connections += len(only(part, OpenProvider))
        runs.update((connections, command.call_id) for _, command in only(part, RunTool))
        answers.update((connections, command.call_id) for _, command in only(part, SubmitToolResult))
    assert all(count == 1 for count in answers.values())
    assert all(count == 1 for count in runs.values())
    assert {call_id for _, call_id in answers} <= asked


@given(st.lists(st.tuples(CALLS, st.sampled_from(["look_up", "unknown", "transfer_to_human"])), max_size=6))
@settings(max_examples=50)
def test_every_tool_request_is_answered_in_the_end(requests: list[tuple[str, str]]) -> None:
    session, _, _ = begun(configuration(), [(10, ProviderReady(1))])
    steps = [(20 + n, ToolRequested(call, name, {"n": n}, "response-1", 1)) for n, (call, name) in enumerate(requests)]
    said = play(session, *steps, until=8000)
    assert Counter(c.call_id for _, c in only(said, SubmitToolResult)) == Counter({call for call, _ in requests})


@given(CONFIGURATIONS, STEPS)
@settings(max_examples=60)
def test_a_call_can_be_replayed_and_moved(chosen: FrozenConfiguration, steps: list[tuple[int, Event]]) -> None:
    session, said, at = begun(chosen, steps)
    again, same, _ = begun(chosen, steps)
    assert said == same
    core = json.loads(json.dumps(session.snapshot()))
    assert core == again.snapshot()
    if session.phase is Phase.ENDED:
        return
    moved = CallSession.resumed(chosen, core, elapsed_ms=session.elapsed_ms(at / 1000), transcript=())
    first = play(moved, (500, LegConnected(Party.CALLER, resumed=True)))
    assert moved.elapsed_ms(0.5) == session.elapsed_ms(at / 1000)
    assert any(isinstance(command, OpenProvider | TellStatus) for _, command in first)
    play(moved, until=20 * 60_000)
    assert moved.phase is Phase.ENDED


@given(STEPS)
@settings(max_examples=60)
def test_events_of_unknown_ids_change_nothing(steps: list[tuple[int, Event]]) -> None:
    session, _, at = begun(configuration(), steps)
    play(session, (at, Tick()))  # what is due anyway happens with whatever event comes next
    if session.phase is Phase.ENDED:
        return
    before = session.snapshot()
    for event in (
        SpeechStopped("stranger"),
        Transcribed("stranger", "goodbye"),
        SpeechStarted("stranger", connection=99),
        ResponseStarted("stranger", connection=99),
        ResponseEnded("stranger", Outcome.COMPLETED),
        ResponseInterrupted("stranger"),
        ToolFinished("stranger", {}),
        PlaybackFinished("stranger", 10),
        PlaybackStopped("stranger", 10),
        PromptMissing("stranger"),
        ProviderFailed(99, "x", fatal=True),
    ):
        assert play(session, (at, event)) == []
        assert session.snapshot() == before


def test_segments_load_from_storage() -> None:
    segment = TranscriptSegment(segment_id="segment-7", role=Role.USER, text="Hello", start_ms=0, end_ms=10)
    session = CallSession.resumed(configuration(), {}, elapsed_ms=1000, transcript=[segment])
    (opened,) = [command for _, command in only(play(session, (0, CONNECTED)), OpenProvider)]
    assert [item.text for item in opened.history] == ["Hello"]
    assert session.snapshot()["next_segment"] == 8
