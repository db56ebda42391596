"""What the simulated model says. Pure data: a phrase in, a reply out; scripted conversations and a free one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from media_tier.call.commands import HistoryItem
from shared.contracts.records.call import Role
from shared.domain.sentences import ONE_MOMENT

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")

GREETING = "Hello! This is a simulated response."
BUSINESS_HOURS = (
    "Our business hours are Monday through Friday, 9 AM to 5 PM Eastern Time. "
    "We're closed on weekends and major holidays. Is there anything else you'd like to know?"
)
LONG_STORY = (
    "I would be happy to tell you about our company. We began as a small family workshop by the harbour, and over "
    "many years we have grown into a team of people who repair, rebuild and deliver outdoor gear all over the country. "
    "Every tent is checked by hand, sealed twice and left in the rain for an hour before it leaves the house. "
    "Our customers are schools, mountaineers and beginners of every age, and each of them gets the same care."
)
NOT_UNDERSTOOD = (
    "I heard you, but I only understand a few things. You can ask about our business hours or your order, "
    "or say goodbye."
)
I_AM_BACK = "I'm back. Is there anything else I can help you with?"
TROUBLE = "I'm having trouble accessing that information right now. Let me try to help you another way."
ESCALATING = "I understand you'd like to speak with one of our team members. Let me check who's available."
HOLD = "Please hold while I connect you..."
NOBODY_FREE = "All our team members are currently busy. Can I have someone call you back?"
CANNOT_TRANSFER = (
    "I'm unable to transfer you right now, but I'll create a support ticket and someone will contact you soon."
)
REFUNDS = "According to our policy document, you can return an item within thirty days for a full refund."


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model does: speak, then (both optional) call a tool or end the call. `delay_ms`: it thinks first."""

    say: str = ""
    tool: tuple[str, dict[str, Any]] | None = None
    end: bool = False
    delay_ms: int = 0
    fail: bool = False
    """The provider breaks at this point."""


_DIGITS = dict(
    zip(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], "0123456789", strict=True)
)
_GREET = Reply(GREETING)
_HOURS = Reply(BUSINESS_HOURS)
_HUMAN = Reply(ESCALATING, ("transfer_to_human", {"reason": "caller asked for a human", "department": ""}))
_CALLBACK = Reply(tool=("schedule_callback", {"phone_number": "+15550100", "preferred_time": "tomorrow morning"}))
_SEARCH = Reply(tool=("search_knowledge_base", {"query": "refund policy"}))
_STORY = Reply(LONG_STORY)
_BYE = Reply("Thank you for calling. Goodbye!", end=True)


def _order(number: str) -> Reply:
    return Reply(tool=("check_order_status", {"order_number": number}))


FREE: Mapping[str, Reply] = {
    "hello": _GREET,
    "hi there": _GREET,
    "what are your business hours": _HOURS,
    "when are you open": _HOURS,
    "check my order status": _order("123"),
    "what is the status of my order": _order("123"),
    "what is the status of order one two three": _order("123"),
    "what is the status of order four five six": _order("456"),
    "i want to speak to a human": _HUMAN,
    "can i talk to a person": _HUMAN,
    "please call me back": _CALLBACK,
    "what is your refund policy": _SEARCH,
    "tell me about your company": _STORY,
    "are you still there": Reply("Yes, I'm here. How can I help you?"),
    "wait a moment": Reply("Of course, take your time."),
    "thank you": Reply("You're welcome! Is there anything else I can help you with?"),
    "stop": Reply("All right. What else can I do for you?"),
    "please stop talking": Reply("All right. What else can I do for you?"),
    "yes": Reply("Great. Please tell me more."),
    "no": Reply("All right. You can say goodbye whenever you like."),
    "goodbye": _BYE,
    "okay goodbye": _BYE,
}
RECALL_QUESTION = "what did i ask you before"
REPEAT_REQUESTS = ("what did you say", "please say that again")
TOPICS: Mapping[str, str] = {
    "what are your business hours": "our business hours",
    "when are you open": "our business hours",
    "check my order status": "your order",
    "what is the status of my order": "your order",
    "what is the status of order one two three": "your order",
    "what is the status of order four five six": "your order",
    "what is your refund policy": "our refund policy",
    "tell me about your company": "our company",
}
VOCABULARY = (*FREE, RECALL_QUESTION, *REPEAT_REQUESTS)
WITHOUT_TOOL: Mapping[str, str] = {
    "transfer_to_human": CANNOT_TRANSFER,
    "search_knowledge_base": REFUNDS,
}
"""What is said where a chatbot's callers may not use a tool; `TROUBLE` for all others."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named conversation. `failing_turn`: the caller's turn at which the provider breaks, once in a call;
    `unavailable`: it cannot even be reached."""

    name: str
    answers: Mapping[str, Reply]
    failing_turn: int | None = None
    unavailable: bool = False

    @property
    def phrases(self) -> Sequence[str]:
        """What it understands, besides the end phrase of the chatbot."""
        return VOCABULARY

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> Reply:
        """The reply to the caller's words ("" was not understood); `history` is what was said before them."""
        words = " ".join(words_of(text))
        if words == RECALL_QUESTION:
            return Reply(recalled(history))
        if words in REPEAT_REQUESTS:
            return Reply(repeated(history))
        return self.answers.get(words, Reply(NOT_UNDERSTOOD))

    def go_on(self, history: Sequence[HistoryItem]) -> Reply:
        """The reply to being asked to speak: to the caller's last words if nobody has answered them, else the rest of
        an answer that was cut off."""
        said = [item for item in history if item.text != ONE_MOMENT]
        if not said:
            return Reply(I_AM_BACK)
        if said[-1].role is Role.USER:
            return self.reply(said[-1].text, said[:-1])
        heard = said[-1].text.rstrip(" .,…")
        rests = (reply.say[len(heard) :] for reply in self.answers.values() if reply.say.startswith(heard))
        unsaid = next((rest.lstrip(" .,") for rest in rests if len(rest) > 1), "") if " " in heard else ""
        return Reply(unsaid or I_AM_BACK)

    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> Reply:
        """The reply to a tool's result."""
        if "error" in output:
            return Reply(str(output.get("say") or TROUBLE))
        match name:
            case "check_order_status":
                number = " ".join(str(output.get("order_number", "")))
                return Reply(f"Your order {number} {output.get('status', 'is on its way')}.")
            case "transfer_to_human":
                free = output.get("status") in ("transferring", "connecting", "queued")
                return Reply(HOLD if free else NOBODY_FREE)
            case "search_knowledge_base":
                found = output.get("answer") or output.get("text")
                return Reply(f"According to our policy document, {found}" if found else REFUNDS)
            case "schedule_callback":
                return Reply("Got it, we'll call you back tomorrow morning.")
        return Reply("That is done. Is there anything else I can help you with?")


SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("free", FREE),
        Scenario("success", FREE),
        Scenario("interruptions", {**FREE, "hello": _STORY, "what are your business hours": _STORY}),
        Scenario("silence_timeout", {**FREE, "hello": Reply("Hello! I will wait in silence now.")}),
        Scenario("error", FREE, failing_turn=2),
        Scenario("unavailable", FREE, unavailable=True),
        Scenario("escalation", {**FREE, "hello": _HUMAN}),
        Scenario("function_calling", {**FREE, "hello": _order("123")}),
    )
}


def scenario_named(name: str | None) -> Scenario:
    """The scenario of this name, the free one if there is none."""
    return SCENARIOS.get(name or "free", SCENARIOS["free"])


def words_of(text: str) -> list[str]:
    """The words of an utterance in lower case, digits spelled out one by one."""
    spelled = text.lower().replace("’", "'")
    for word, digit in _DIGITS.items():
        spelled = spelled.replace(digit, f" {word} ")
    return WORD.findall(spelled)


def recalled(history: Sequence[HistoryItem]) -> str:
    """An answer from memory: what the caller asked last."""
    asked = (" ".join(words_of(item.text)) for item in reversed(history) if item.role is Role.USER)
    topic = next((TOPICS[words] for words in asked if words in TOPICS), None)
    return "You have not asked me anything yet." if topic is None else f"You asked about {topic}."


def repeated(history: Sequence[HistoryItem]) -> str:
    """What the model said last, as far as it was heard."""
    said = next((item.text for item in reversed(history) if item.role is Role.ASSISTANT), None)
    return "I have not said anything yet." if said is None else f"I said: {said}"
