"""TwiML of what a phone call is to do next, by the vendor's builder only, which escapes every value.

Twilio: /docs/voice/twiml/{connect,stream,dial,say}. Query strings of a stream's address are dropped, so account and
ticket are in its path; what else a process wants to know is in parameters (name and value under 500 characters).
"""

from urllib.parse import urlencode

from twilio.twiml.voice_response import Connect, Dial, Parameter, Stream, VoiceResponse

from shared.domain.phone_answers import ConnectStream, DialPerson, HangUp, PhoneAnswer, SayAndHangUp

WEBHOOKS = "/api/webhooks/twilio"
LANGUAGE = "en-US"
VOICE = "Polly.Joanna-Neural"
DIAL_LIMIT_SECONDS = 3 * 3600


def address(base_url: str, what: str, **query: str) -> str:
    """The public address of one of our webhooks."""
    return f"{base_url.rstrip('/')}{WEBHOOKS}/{what}" + (f"?{urlencode(query)}" if query else "")


def stream_address(base_url: str, account_id: str, ticket: str) -> str:
    """Where Twilio's media stream connects to."""
    return f"{base_url.rstrip('/').replace('http', 'ws', 1)}{WEBHOOKS}/stream/{account_id}/{ticket}"


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
        url=stream_address(base_url, answer.account_id, answer.ticket),
        status_callback=address(base_url, "stream-status", accountId=answer.account_id),
        status_callback_method="POST",
    )
    for name, value in (
        ("chatbotId", answer.chatbot_id),
        ("accountId", answer.account_id),
        ("sessionId", answer.session_id),
        ("callId", answer.call_id),
    ):
        stream.append(Parameter(name=name, value=value))
    connect = Connect(action=address(base_url, "connect", accountId=answer.account_id), method="POST")
    connect.append(stream)
    return connect


def _dial(answer: DialPerson, base_url: str) -> Dial:
    dial = Dial(
        action=address(base_url, "dial", accountId=answer.account_id),
        method="POST",
        answer_on_bridge=True,
        caller_id=answer.caller_id,
        timeout=answer.ring_seconds,
        time_limit=DIAL_LIMIT_SECONDS,
    )
    dial.number(answer.number)
    return dial
