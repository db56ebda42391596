"""The plan of an hour's call: what the caller says when, from a seed."""

from random import Random
from typing import Any

from infra.local.standins.conversation import StandInScript
from tests.call.virtual_call import Plan, Vendor
from tests.call.virtual_caller import Utterance

FIRST_AT, LAST_AT = 8.0, 3510.0
SETTINGS: dict[str, Any] = {
    "max_duration_minutes": 60,
    "silence_timeout_seconds": 300,
    "disclosure": {"enabled": False},
}


def hour(vendor: Vendor, seed: int, script: StandInScript | None = None) -> Plan:
    """Questions, orders that are looked up, and stories that the caller interrupts with a question."""
    random = Random(f"hour {seed}")
    texts: list[str] = []
    utterances: list[Utterance] = []

    def say(at: float, text: str) -> None:
        utterances.append(Utterance(round(at, 3), len(texts), random.randrange(800, 2000, 40)))
        texts.append(text.format(len(texts) + 1))

    at = FIRST_AT
    while at < LAST_AT:
        kind = random.choices(("question", "order", "story"), (70, 17, 13))[0]
        if kind == "order":
            say(at, "Where is my order {}?")
        else:
            if kind == "story":
                say(at, "Tell me story {}.")
                at += random.uniform(5.5, 12.0)
            say(at, "What about question {}?")
        at += random.uniform(11.0, 20.0)
    return Plan(vendor, seed, tuple(texts), tuple(utterances), script or StandInScript(), SETTINGS)
