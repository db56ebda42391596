"""What is said on the calls, by the caller and by the AI."""

from media_tier.providers.simulated.scenarios import BUSINESS_HOURS, LONG_STORY
from shared.contracts.settings.call_settings import DEFAULT_GREETING, DISCLOSURE
from shared.domain.sentences import (
    CALLBACK_NOTED,
    ENTER_NUMBER,
    GOODBYE,
    NOT_HEARD,
    OFFER_CALLBACK,
    ONE_MINUTE_LEFT,
    RECORDING_ANNOUNCEMENT,
    SILENCE_GOODBYE,
    STILL_THERE,
    TECHNICAL_DIFFICULTIES,
    TIME_IS_UP,
    TOOL_RUNNING,
)

QUESTION, ORDER, STORY, STOP, BYE = (  # all of them are understood by telephone, too
    "what are your business hours",
    "what is the status of order one two three",
    "tell me about your company",
    "thank you",
    "okay goodbye",
)
CALLER_SAYS = (QUESTION, ORDER, STORY, STOP, BYE)

OPENING = (DISCLOSURE, RECORDING_ANNOUNCEMENT, DEFAULT_GREETING)
ANSWER, TALE, LOOKING, FAREWELL, OUT_OF_ORDER = (
    BUSINESS_HOURS,
    LONG_STORY,
    TOOL_RUNNING,
    GOODBYE,
    TECHNICAL_DIFFICULTIES,
)
ORDER_ANSWER = "Your order 1 2 3 has been shipped and will arrive tomorrow."
STOPPED_ANSWER = "You're welcome! Is there anything else I can help you with?"
SILENCE = (STILL_THERE, NOT_HEARD, SILENCE_GOODBYE)
LAST_MINUTE, TIME_OVER = ONE_MINUTE_LEFT, TIME_IS_UP
CALLBACK = (OFFER_CALLBACK, ENTER_NUMBER, CALLBACK_NOTED)
NUMBER = "4930123456"
AI_SAYS = (
    *(*OPENING, ANSWER, LOOKING, ORDER_ANSWER, TALE, STOPPED_ANSWER, FAREWELL),
    *(*SILENCE, LAST_MINUTE, TIME_OVER, *CALLBACK, OUT_OF_ORDER),
)
