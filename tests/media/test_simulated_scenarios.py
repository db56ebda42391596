"""The scripted conversations by name, without sound."""

import pytest

from media_tier.call.commands import HistoryItem
from media_tier.providers.simulated.memory import Memory
from media_tier.providers.simulated.scenarios import (
    BUSINESS_HOURS,
    CANNOT_TRANSFER,
    ESCALATING,
    GREETING,
    HOLD,
    LONG_STORY,
    NOBODY_FREE,
    NOT_UNDERSTOOD,
    REFUNDS,
    SCENARIOS,
    TOPICS,
    TROUBLE,
    VOCABULARY,
    WITHOUT_TOOL,
    recalled,
    repeated,
    scenario_named,
)
from shared.contracts.records.call import Role

ORDER = ("check_order_status", {"order_number": "123"})


@pytest.mark.parametrize(
    ("name", "text", "say", "tool"),
    [
        ("free", "Hello!", GREETING, None),
        ("free", "What are your business hours?", BUSINESS_HOURS, None),
        ("free", "bananas", NOT_UNDERSTOOD, None),
        ("free", "", NOT_UNDERSTOOD, None),
        ("free", "What is the status of order 123?", "", ORDER),
        ("free", "what is the status of order four five six", "", (ORDER[0], {"order_number": "456"})),
        ("success", "Hello", GREETING, None),
        ("interruptions", "Hello", LONG_STORY, None),
        ("silence_timeout", "Hello", "Hello! I will wait in silence now.", None),
        ("error", "Hello", GREETING, None),
        ("escalation", "Hello", ESCALATING, SCENARIOS["free"].reply("can i talk to a person").tool),
        ("function_calling", "Hello", "", ORDER),
        ("function_calling", "what is your refund policy", "", ("search_knowledge_base", {"query": "refund policy"})),
    ],
)
def test_what_each_scenario_answers(name: str, text: str, say: str, tool: tuple[str, dict[str, str]] | None) -> None:
    reply = scenario_named(name).reply(text)
    assert (reply.say, reply.tool) == (say, tool)


def test_only_the_error_scenario_breaks_and_only_goodbye_ends() -> None:
    assert {name: s.failing_turn for name, s in SCENARIOS.items() if s.failing_turn} == {"error": 2}
    free = scenario_named(None)
    assert {phrase for phrase in VOCABULARY if free.reply(phrase).end} == {"goodbye", "okay goodbye"}
    assert scenario_named("no such scenario") is free
    assert all(free.reply(phrase).say != NOT_UNDERSTOOD for phrase in VOCABULARY)
    assert set(TOPICS) <= set(VOCABULARY)


@pytest.mark.parametrize(
    ("tool", "output", "say"),
    [
        ("check_order_status", {"order_number": "123", "status": "was shipped"}, "Your order 1 2 3 was shipped."),
        ("check_order_status", {"error": "timeout"}, TROUBLE),
        ("check_order_status", {"error": "timeout", "say": "Sorry."}, "Sorry."),
        ("transfer_to_human", {"status": "nobody_available"}, NOBODY_FREE),
        ("transfer_to_human", {"status": "transferring"}, HOLD),
        (
            "search_knowledge_base",
            {"answer": "returns are free."},
            "According to our policy document, returns are free.",
        ),
        ("search_knowledge_base", {}, REFUNDS),
        ("schedule_callback", {"status": "done"}, "Got it, we'll call you back tomorrow morning."),
    ],
)
def test_what_is_said_about_a_result(tool: str, output: dict[str, str], say: str) -> None:
    assert scenario_named("free").reply_to_tool(tool, output).say == say


def test_without_a_transfer_the_spoken_sentence_is_the_prescribed_one() -> None:
    assert WITHOUT_TOOL["transfer_to_human"] == CANNOT_TRANSFER


def test_recall_names_the_latest_topic_the_caller_asked_about() -> None:
    history = [
        HistoryItem(Role.USER, "Check my order status."),
        HistoryItem(Role.USER, "When are you open?"),
        HistoryItem(Role.ASSISTANT, "Tell me about your company"),
        HistoryItem(Role.USER, "Thank you."),
    ]
    assert recalled(history) == "You asked about our business hours."
    assert recalled(history[:1]) == "You asked about your order."
    assert recalled([]) == "You have not asked me anything yet."
    assert repeated(history) == "I said: Tell me about your company"
    assert repeated([]) == "I have not said anything yet."


@pytest.mark.parametrize(
    ("played_ms", "heard"), [(0, None), (250, "one two"), (400, "one two three four"), (9000, "one two three four")]
)
def test_truncated_items_keep_the_words_that_sounded(played_ms: int, heard: str | None) -> None:
    memory = Memory([HistoryItem(Role.USER, "Hi")])
    memory.speak("i1", "one", 100)
    memory.speak("i1", "one two three four", 400)
    memory.truncate("i1", played_ms)
    memory.speak("i1", "one two three four five", 500)
    said = [HistoryItem(Role.ASSISTANT, heard)] if heard else []
    assert memory.lines() == [HistoryItem(Role.USER, "Hi"), *said]
