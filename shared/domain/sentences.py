"""Every sentence the platform itself speaks on a call, word for word.

They are spoken from audio rendered ahead in the chatbot's voice (`PlayPrompt`), so none may hold a value that is only
known during the call; `fixed_sentences` lists what has to be rendered for one configuration.
"""

from enum import StrEnum

from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.call_settings import FallbackBehavior

RECORDING_ANNOUNCEMENT = "This call may be recorded for quality and training purposes."
ONE_MINUTE_LEFT = (
    "I want to let you know we have about a minute left on this call. Is there anything else I can help you with?"
)
TIME_IS_UP = (
    "Thank you for calling. Our time is up for this call. Please call back if you need further assistance. Goodbye!"
)
STILL_THERE = "Are you still there? Please let me know if you need anything else."
NOT_HEARD = (
    "I haven't heard from you for a while. If you're still there, please say something or I'll need to end the call."
)
SILENCE_GOODBYE = "I haven't heard from you, so I'll end the call now. Thank you for calling. Goodbye!"
GOODBYE = "Thank you for calling. Goodbye!"
ONE_MOMENT = "One moment, please."
TOOL_RUNNING = "Let me check that for you..."
TOOL_FAILED = "I'm having trouble accessing that information right now. Let me try to help you another way."
TECHNICAL_DIFFICULTIES = "We're experiencing technical difficulties. Please try again later."
OFFER_CALLBACK = "Our system is temporarily unavailable. Press 1 to leave your number for a callback."
ALL_BUSY = "All our team members are currently busy. Can I have someone call you back?"
ENTER_NUMBER = "Please enter your phone number, followed by the pound key."
CALLBACK_NOTED = "Got it, we'll call you back at the number you entered. Goodbye!"


class Line(StrEnum):
    """What a fixed sentence is for: decides whether it may be interrupted and what its end brings about."""

    DISCLOSURE = "disclosure"
    ANNOUNCEMENT = "announcement"
    GREETING = "greeting"
    SILENCE_WARNING = "silence_warning"
    DURATION_WARNING = "duration_warning"
    TOOL_FILLER = "tool_filler"
    ONE_MOMENT = "one_moment"
    FALLBACK = "fallback"
    GOODBYE = "goodbye"


def opening_lines(configuration: FrozenConfiguration) -> tuple[tuple[Line, str], ...]:
    """What the caller hears first, in order."""
    settings = configuration.settings
    lines: list[tuple[Line, str]] = []
    if settings.disclosure.enabled:
        lines.append((Line.DISCLOSURE, settings.disclosure.text))
    if settings.recording.enabled and settings.recording.announce:
        lines.append((Line.ANNOUNCEMENT, RECORDING_ANNOUNCEMENT))
    lines.append((Line.GREETING, settings.greeting))
    return tuple(lines)


def fixed_sentences(configuration: FrozenConfiguration) -> tuple[str, ...]:
    """All sentences a call with this configuration may need, without repeats, those needed first in front."""
    settings = configuration.settings
    sentences = [text for _, text in opening_lines(configuration)]
    sentences += [ONE_MOMENT, GOODBYE, STILL_THERE, NOT_HEARD, SILENCE_GOODBYE]
    if settings.max_duration_minutes > 1:
        sentences.append(ONE_MINUTE_LEFT)
    sentences.append(TIME_IS_UP)
    if settings.tools.enabled:
        sentences += [TOOL_RUNNING, TOOL_FAILED]
    sentences.append(TECHNICAL_DIFFICULTIES)
    if settings.fallback is FallbackBehavior.QUEUE_FOR_HUMAN:
        sentences.append(ALL_BUSY)
    if settings.fallback is not FallbackBehavior.REJECT:
        sentences += [OFFER_CALLBACK, ENTER_NUMBER, CALLBACK_NOTED]
    return tuple(dict.fromkeys(sentences))
