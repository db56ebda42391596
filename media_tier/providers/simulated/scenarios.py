"""What the simulated model says. Pure: a phrase in, a reply out; six scripted scenarios and a free one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")

BUSINESS_HOURS = (
    "Our business hours are Monday through Friday, 9 AM to 5 PM Eastern Time. "
    "We're closed on weekends and major holidays. Is there anything else you'd like to know?"
)
LONG_STORY = (
    "I would be happy to tell you about our company. We began as a small family workshop by the harbour, and over "
    "many years we have grown into a team of people who repair, rebuild and deliver instruments all over the country. "
    "Every instrument is checked by hand, tuned twice and played for an hour before it leaves the house. "
    "Our customers are schools, orchestras and beginners of every age, and each of them gets the same care."
)
NOT_UNDERSTOOD = (
    "I heard you, but I only understand a few things. You can ask about our business hours or your order, "
    "or say goodbye."
)
VOCABULARY = (
    "hello",
    "hi there",
    "what are your business hours",
    "when are you open",
    "what is the status of my order",
    "what is the status of order one two three",
    "check my order status",
    "i want to speak to a human",
    "can i talk to a person",
    "what did i ask you before",
    "tell me about your company",
    "wait a moment",
    "thank you",
    "stop",
    "yes",
    "no",
    "goodbye",
    "okay goodbye",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model does about an utterance: speak, or call a tool and speak about its result."""

    say: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    fail: bool = False
    """The provider breaks at this point (the "error" scenario)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named conversation. `failing_turn`: the caller's turn at which the provider breaks."""

    name: str
    answers: dict[str, Reply]
    failing_turn: int | None = None

    def reply(self, text: str, turn: int, asked: Sequence[str]) -> Reply:
        """The reply to the caller's words; `asked` are the things the caller said before."""
        if self.failing_turn == turn:
            return Reply(fail=True)
        normal = " ".join(words_of(text))
        if normal == "what did i ask you before":
            return Reply(remembered(asked))
        return self.answers.get(normal, Reply(NOT_UNDERSTOOD))

    def about(self, tool: str, output: dict[str, Any]) -> Reply:
        """The reply to a tool's result."""
        if "error" in output:
            return Reply(str(output.get("say") or "I'm sorry, that did not work."))
        if tool == "check_order_status":
            return Reply(
                f"Your order {spelled(output.get('order_number', ''))} {output.get('status', 'is on its way')}."
            )
        if tool == "transfer_to_human":
            return Reply("All our team members are currently busy. Can I have someone call you back?")
        return Reply("That is done. Is there anything else I can help you with?")


def words_of(text: str) -> list[str]:
    """The words of an utterance, lower case."""
    return WORD.findall(text.lower().replace("’", "'"))


def spelled(number: object) -> str:
    """Digits apart, so that they are spoken one by one."""
    return " ".join(str(number))


def remembered(asked: Sequence[str]) -> str:
    """An answer from memory."""
    topics = [text for text in asked if " ".join(words_of(text)) in TOPICS]
    if not topics:
        return "You have not asked me anything yet."
    return f"You asked about {TOPICS[' '.join(words_of(topics[-1]))]}."


TOPICS = {
    "what are your business hours": "our business hours",
    "when are you open": "our business hours",
    "check my order status": "your order",
    "what is the status of my order": "your order",
    "what is the status of order one two three": "your order",
    "tell me about your company": "our company",
}
ORDER = Reply(tool="check_order_status", arguments={"order_number": "123"})
HUMAN = Reply(tool="transfer_to_human", arguments={"reason": "caller asked", "department": ""})
FREE = {
    "hello": Reply("Hello! This is a simulated response."),
    "hi there": Reply("Hello! This is a simulated response."),
    "what are your business hours": Reply(BUSINESS_HOURS),
    "when are you open": Reply(BUSINESS_HOURS),
    "check my order status": ORDER,
    "what is the status of my order": ORDER,
    "what is the status of order one two three": ORDER,
    "i want to speak to a human": HUMAN,
    "can i talk to a person": HUMAN,
    "tell me about your company": Reply(LONG_STORY),
    "wait a moment": Reply("Of course, take your time."),
    "thank you": Reply("You're welcome! Is there anything else I can help you with?"),
    "stop": Reply("All right. What else can I do for you?"),
    "yes": Reply("Great. Please tell me more."),
    "no": Reply("All right. You can say goodbye whenever you like."),
}
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("free", FREE),
        Scenario("success", FREE),
        Scenario("interruptions", {**FREE, "hello": Reply(LONG_STORY)}),
        Scenario("silence_timeout", FREE),
        Scenario("error", FREE, failing_turn=2),
        Scenario("escalation", {**FREE, "hello": HUMAN}),
        Scenario("function_calling", {**FREE, "hello": ORDER}),
    )
}


def scenario_named(name: str | None) -> Scenario:
    """The scenario of this name, the free one if there is none."""
    return SCENARIOS.get(name or "free", SCENARIOS["free"])
