"""TwiML of what a phone call is to do next, by the vendor's builder only, which escapes every value.

Twilio: /docs/voice/twiml/{connect,stream,dial,say}. Query strings of a stream's address are dropped, so account and
ticket are in its path; what else a process wants to know is in parameters (name and value under 500 characters).
"""

from twilio.twiml.voice_response import Connect, Dial, Parameter, Stream, VoiceResponse

from shared.domain import webhook_addresses
from shared.domain.phone_answers import ConnectStream, DialPerson, HangUp, PhoneAnswer, SayAndHangUp

LANGUAGE = "en-US"
VOICE = "Polly.Joanna-Neural"
DIAL_LIMIT_SECONDS = 3 * 3600


def render(answer: PhoneAnswer, base_url: str) -> str:
    """The document to answer with."""
    response = VoiceResponse()
    match answer:
        case ConnectStream():
            response.append(_connect(answer, base_url))
        case SayAndHangUp(sentence):
            response.say(sentence, voice=VOICE, language=LANGUAGE)
            response.hangup()
        case DialPerson():
            response.append(_dial(answer, base_url))
        case HangUp():
            response.hangup()
    return str(response)


def _connect(answer: ConnectStream, base_url: str) -> Connect:
    stream = Stream(
        url=webhook_addresses.twilio_stream(base_url, answer.account_id, answer.ticket),
        status_callback=webhook_addresses.twilio(base_url, "stream-status", accountId=answer.account_id),
        status_callback_method="POST",
    )
    for name, value in (
        ("chatbotId", answer.chatbot_id),
        ("accountId", answer.account_id),
        ("sessionId", answer.session_id),
        ("callId", answer.call_id),
    ):
        stream.append(Parameter(name=name, value=value))
    connect = Connect(action=webhook_addresses.twilio(base_url, "connect", accountId=answer.account_id), method="POST")
    connect.append(stream)
    return connect


def _dial(answer: DialPerson, base_url: str) -> Dial:
    dial = Dial(
        action=webhook_addresses.twilio(base_url, "dial", accountId=answer.account_id),
        method="POST",
        answer_on_bridge=True,
        caller_id=answer.caller_id,
        timeout=answer.ring_seconds,
        time_limit=DIAL_LIMIT_SECONDS,
    )
    dial.number(answer.number)
    return dial
