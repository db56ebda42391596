"""Every sentence the platform itself speaks, to the letter, and which of them a configuration can need."""

from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.call_settings import FallbackBehavior

RECORDING_NOTICE = "This call may be recorded for quality and training purposes."
ONE_MINUTE_LEFT = (
    "I want to let you know we have about a minute left on this call. Is there anything else I can help you with?"
)
TIME_IS_UP = (
    "Thank you for calling. Our time is up for this call. Please call back if you need further assistance. Goodbye!"
)
STILL_THERE = "Are you still there? Please let me know if you need anything else."
LAST_SILENCE_WARNING = (
    "I haven't heard from you for a while. If you're still there, please say something or I'll need to end the call."
)
SILENCE_GOODBYE = "I haven't heard from you, so I'll end the call now. Thank you for calling. Goodbye!"
GOODBYE = "Thank you for calling. Goodbye!"
LET_ME_CHECK = "Let me check that for you..."
TOOL_FAILED = "I'm having trouble accessing that information right now. Let me try to help you another way."
TECHNICAL_DIFFICULTIES = "We're experiencing technical difficulties. Please try again later."
OFFER_CALLBACK = "Our system is temporarily unavailable. Press 1 to leave your number for a callback."
NOBODY_FREE = "All our team members are currently busy. Can I have someone call you back?"
ENTER_NUMBER = "Please enter your phone number, followed by the pound key."
CALLBACK_NOTED = "Got it, we'll call you back as soon as possible. Goodbye!"


def fixed_sentences(configuration: FrozenConfiguration) -> tuple[str, ...]:
    """Everything to render ahead for this configuration, the opening sentences first."""
    settings = configuration.settings
    sentences = [settings.disclosure.text] if settings.disclosure.enabled else []
    if settings.recording.enabled and settings.recording.announce:
        sentences.append(RECORDING_NOTICE)
    sentences += [settings.greeting, GOODBYE, STILL_THERE, LAST_SILENCE_WARNING, SILENCE_GOODBYE, TIME_IS_UP]
    if settings.max_duration_minutes > 1:
        sentences.append(ONE_MINUTE_LEFT)
    if settings.tools.enabled:
        sentences.append(LET_ME_CHECK)
    match settings.fallback:
        case FallbackBehavior.REJECT:
            sentences.append(TECHNICAL_DIFFICULTIES)
        case FallbackBehavior.QUEUE_FOR_HUMAN:
            sentences += [NOBODY_FREE, ENTER_NUMBER, CALLBACK_NOTED, TECHNICAL_DIFFICULTIES]
        case FallbackBehavior.OFFER_CALLBACK:
            sentences += [OFFER_CALLBACK, ENTER_NUMBER, CALLBACK_NOTED, TECHNICAL_DIFFICULTIES]
    return tuple(dict.fromkeys(sentences))
