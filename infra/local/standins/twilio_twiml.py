"""The TwiML the Twilio stand-in understands: names, defaults and limits of twilio.com/docs/voice/twiml."""

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

MAX_PARAMETER_CHARACTERS = 500
MAX_DOCUMENT_BYTES = 64 * 1024


class BadTwiml(Exception):
    """What Twilio would refuse; `code` is its error code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@dataclass(frozen=True)
class Say:
    """Speak a text."""

    text: str
    voice: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float = 1.0


@dataclass(frozen=True)
class Gather:
    """Ask for keys."""

    action: str | None
    method: str
    timeout: float
    num_digits: int | None
    finish_on_key: str
    on_empty: bool
    prompts: tuple[Say | Pause, ...] = ()


@dataclass(frozen=True)
class Dial:
    """Call somebody else and connect both."""

    numbers: tuple[str, ...]
    action: str | None
    method: str
    timeout: float
    caller_id: str | None


@dataclass(frozen=True)
class Stream:
    """Connect to our media stream; `action` and `method` are those of the `<Connect>` around it."""

    url: str
    action: str | None
    method: str
    parameters: dict[str, str] = field(default_factory=dict)
    name: str = ""
    status_callback: str | None = None


@dataclass(frozen=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True)
class Reject:
    """Do not answer."""

    reason: str


Verb = Say | Pause | Gather | Dial | Stream | Redirect | Hangup | Reject


def parse_twiml(body: bytes, base: str) -> list[Verb]:
    """Read a document fetched from `base`, against which its addresses are resolved. Raises BadTwiml."""
    if len(body) > MAX_DOCUMENT_BYTES:
        raise BadTwiml(11750, "the document is too large")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise BadTwiml(12100, "the document is not XML") from error
    if root.tag != "Response":
        raise BadTwiml(12100, "the document is no <Response>")
    return [_verb(element, base) for element in root]


def _verb(element: ElementTree.Element, base: str) -> Verb:
    match element.tag:
        case "Say" | "Pause":
            return _prompt(element)
        case "Gather":
            return _gather(element, base)
        case "Dial":
            numbers = tuple(number.text or "" for number in element if number.tag == "Number") or (element.text or "",)
            timeout = float(element.get("timeout", "30"))
            return Dial(tuple(map(str.strip, numbers)), *_action(element, base), timeout, element.get("callerId"))
        case "Connect":
            return _connect(element, base)
        case "Redirect":
            return Redirect(urljoin(base, (element.text or "").strip()), element.get("method", "POST"))
        case "Hangup":
            return Hangup()
        case "Reject":
            return Reject(element.get("reason", "rejected"))
    raise BadTwiml(12200, f"<{element.tag}> is not a verb this stand-in knows")


def _prompt(element: ElementTree.Element) -> Say | Pause:
    if element.tag == "Pause":
        return Pause(float(element.get("length", "1")))
    text = (element.text or "").strip()
    if not text or len(text) > 4096:
        raise BadTwiml(13520 if text else 13521, "the text to say is empty or too long")
    return Say(text, element.get("voice"), element.get("language"))


def _gather(element: ElementTree.Element, base: str) -> Gather:
    digits = element.get("numDigits")
    prompts = tuple(_prompt(child) for child in element)
    return Gather(
        *_action(element, base),
        float(element.get("timeout", "5")),
        None if digits is None else int(digits),
        element.get("finishOnKey", "#"),
        element.get("actionOnEmptyResult") == "true",
        prompts,
    )


def _connect(element: ElementTree.Element, base: str) -> Stream:
    stream = element.find("Stream")
    if stream is None:
        raise BadTwiml(12200, "<Connect> without <Stream>")
    url = urljoin(base.replace("http", "ws", 1), stream.get("url", ""))
    parts = urlsplit(url)
    if parts.scheme != "wss" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise BadTwiml(31922, "the address of a stream is wss")
    if stream.get("track", "inbound_track") != "inbound_track":
        raise BadTwiml(31941, "a bidirectional stream has the inbound track only")
    parameters = {}
    for parameter in stream.findall("Parameter"):
        name, value = parameter.get("name", ""), parameter.get("value", "")
        if len(name) + len(value) >= MAX_PARAMETER_CHARACTERS:
            raise BadTwiml(31951, "a parameter is too long")
        parameters[name] = value
    # Twilio drops query strings.
    callback = stream.get("statusCallback")
    callback = None if callback is None else urljoin(base, callback)
    return Stream(url.partition("?")[0], *_action(element, base), parameters, stream.get("name", ""), callback)


def _action(element: ElementTree.Element, base: str) -> tuple[str | None, str]:
    action = element.get("action")
    return (None if action is None else urljoin(base, action)), element.get("method", "POST")
