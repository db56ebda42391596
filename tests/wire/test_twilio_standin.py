"""The Twilio stand-in itself: TwiML, webhooks, streams, REST, and its telephones."""

import asyncio
import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest
import websockets
from websockets.asyncio.server import ServerConnection

from infra.local.standins.twilio_exchange import Subscriber
from infra.local.standins.twilio_people import BrowserPerson, ScriptedPerson
from infra.local.standins.twilio_stream import MALFORMED, MediaStream
from infra.local.standins.twilio_twiml import BadTwiml, Gather, Say, Stream, parse_twiml
from infra.local.standins.twilio_webhooks import signature
from media_tier.audio import g711
from tests.media.twilio_fakes import FRAME
from tests.wire.twilio_app import OURS, SID, THEIRS, TOKEN, App, exchange, next_message, response

pytestmark = pytest.mark.realtime

STREAM = "MZ" + "3" * 32
TOO_LONG = f'<Parameter name="a" value="{"x" * 499}"/>'


# The stream, without a socket


def ours(event: str, **more: Any) -> str:
    return json.dumps({"event": event, "streamSid": STREAM, **more})


def sound(mulaw: bytes) -> str:
    return ours("media", media={"payload": base64.b64encode(mulaw).decode()})


def marks(messages: list[str]) -> list[str]:
    return [message["mark"]["name"] for message in map(json.loads, messages) if message["event"] == "mark"]


def test_marks_come_back_when_played_at_once_and_on_clear() -> None:
    stream = MediaStream("AC", "CA", STREAM)
    assert marks(stream.take(ours("mark", mark={"name": "at once"}))) == ["at once"]
    stream.take(sound(b"\1" * 200))
    assert stream.take(ours("mark", mark={"name": "a"})) == []
    stream.take(sound(b"\2" * 400))
    stream.take(ours("mark", mark={"name": "b"}))
    heard, messages = stream.frame(FRAME)
    assert (heard, marks(messages)) == (b"\1" * 160, [])
    heard, messages = stream.frame(FRAME)
    assert (heard, marks(messages)) == (b"\1" * 40 + b"\2" * 120, ["a"])
    assert marks(stream.take(ours("clear"))) == ["b"]
    assert stream.frame(FRAME)[0] == b"\xff" * 160
    assert (stream.cleared, stream.flushed_ms) == (1, 35.0)


def test_what_is_said_is_numbered_as_twilio_numbers() -> None:
    stream = MediaStream("AC", "CA", STREAM, {"a": "b"})
    connected, start = map(json.loads, stream.opening())
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert (start["sequenceNumber"], start["start"]["customParameters"]) == ("1", {"a": "b"})
    first, second = (json.loads(stream.frame(FRAME)[1][0]) for _ in range(2))
    assert [m["sequenceNumber"] for m in (first, second)] == ["2", "3"]
    assert second["media"]["chunk"] == "2"
    assert base64.b64decode(first["media"]["payload"]) == FRAME


@pytest.mark.parametrize(
    "text",
    [b"\0", "{", "[]", ours("new"), ours("mark"), ours("mark", mark={}), ours("media", media={"payload": "!"}),
     json.dumps({"event": "clear", "streamSid": "MZ4"})],
)  # fmt: skip
def test_malformed_messages_are_warned_of_once(text: str | bytes) -> None:
    stream = MediaStream("AC", "CA", STREAM)
    assert stream.take(text) == stream.take(text) == []
    assert stream.warnings == [MALFORMED]


# TwiML


def test_documents_are_read_with_their_defaults() -> None:
    inner = '<Stream url="wss://h/tw/1?dropped=1"><Parameter name="a" value="1"/></Stream>'
    connect = f'<Connect action="../next">{inner}</Connect>'
    gather = '<Gather numDigits="1"><Say>Press one</Say></Gather>'
    stream, menu, bye = parse_twiml(response(connect + gather + "<Say>Bye</Say>").encode(), "https://h/api/voice?x=1")
    assert stream == Stream("wss://h/tw/1", "https://h/next", "POST", {"a": "1"})
    assert menu == Gather(None, "POST", 5.0, 1, "#", False, (Say("Press one"),))
    assert bye == Say("Bye")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response>", 12100),
        ("<Answer/>", 12100),
        ("<Response><Dance/></Response>", 12200),
        ("<Response><Connect/></Response>", 12200),
        ("<Response><Say></Say></Response>", 13521),
        ('<Response><Connect><Stream url="https://h/x"/></Connect></Response>', 31922),
        ('<Response><Connect><Stream url="wss://h/x" track="both_tracks"/></Connect></Response>', 31941),
        (f'<Response><Connect><Stream url="wss://h/x">{TOO_LONG}</Stream></Connect></Response>', 31951),
    ],
)
def test_documents_twilio_would_refuse_are_refused(document: str, code: int) -> None:
    with pytest.raises(BadTwiml) as bad:
        parse_twiml(document.encode(), "https://h/")
    assert bad.value.code == code


# Signatures, by the values of Twilio's own library (twilio 9.13.0)


def test_signatures_are_those_of_the_vendors_library() -> None:
    params = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, params | {"To": "+18005551212"}) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    empty = {"CallSid": "CA" + "2" * 32, "CallerName": "", "From": "+15005550006", "To": "+15005550001"}
    url = "https://api.example.com/api/webhooks/twilio/voice?chatbotId=c1&accountId=a1"
    assert signature("12345", url, empty) == "BLj5pH6rUkZW9qS7LfXvFYqiyF4="


# Calls


def connect(app: App) -> str:
    stream = f'<Stream url="{app.ws}/tw/a/t" statusCallback="/stream-status"/>'
    return response(f'<Connect action="/after">{stream}</Connect><Say>never</Say>')


async def test_a_call_with_a_stream_whose_end_hands_it_back() -> None:
    person, said = ScriptedPerson(), []

    async def stream(connection: ServerConnection) -> None:
        started = await next_message(connection, "start")
        media = await next_message(connection, "media")
        said.append(base64.b64decode(media["media"]["payload"]))
        sid = started["streamSid"]
        await connection.send(json.dumps({"event": "media", "streamSid": sid, "media": {"payload": "AAAA" * 40}}))
        await connection.send(json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": "end"}}))
        assert (await next_message(connection, "mark"))["mark"]["name"] == "end"
        await connection.close()

    app = App(stream=stream)
    app.documents = {"/voice": lambda _: connect(app), "/after": response("<Say>Goodbye</Say><Hangup/><Say>no</Say>")}
    async with exchange(app, status_callback="/status") as twilio:
        call = twilio.exchange.ring(OURS, person)
        assert await call.ended() == "completed"
        await asyncio.sleep(0)
    assert [path for path, _ in app.asked] == ["/voice", "/stream-status", "/stream-status", "/after", "/status"]
    assert [told["StreamEvent"] for told in app.of("/stream-status")] == ["stream-started", "stream-stopped"]
    voice = app.of("/voice")[0]
    assert (voice["CallStatus"], voice["Direction"], voice["FromCity"]) == ("ringing", "inbound", "")
    assert (voice["From"], voice["To"], voice["AccountSid"], voice["CallSid"]) == (THEIRS, OURS, SID, call.sid)
    assert app.of("/after")[0]["CallStatus"] == "in-progress"
    assert app.of("/status")[0]["CallStatus"] == "completed"
    assert call.verbs.said == ["Goodbye"]
    assert said == [b"\xff" * 160]
    assert person.heard.strip(b"\xff") == b"\0" * 120


@pytest.mark.parametrize("bare", [False, True])
async def test_a_caller_who_hangs_up(bare: bool) -> None:
    events: list[str] = []

    async def stream(connection: ServerConnection) -> None:
        while True:
            events.append(json.loads(await connection.recv())["event"])

    app = App(stream=stream)
    app.documents = {"/voice": lambda _: connect(app)}
    async with exchange(app) as twilio:
        person = ScriptedPerson()
        call = twilio.exchange.ring(OURS, person)
        await person.until(lambda person: len(person.heard) > 320)
        await call.verbs.press("5")
        call.hang_up(bare=bare)
        assert await call.ended() == "completed"
        assert app.of("/after") == []
    assert events[:2] == ["connected", "start"]
    assert "dtmf" in events
    assert ("stop" in events) is not bare


@pytest.mark.parametrize("asks", [True, False])
async def test_a_stream_that_is_lost(asks: bool) -> None:
    async def stream(connection: ServerConnection) -> None:
        await next_message(connection, "media")
        connection.transport.abort()

    app = App(stream=stream)
    app.documents = {"/voice": lambda _: connect(app), "/after": response("<Hangup/>")}
    async with exchange(app) as twilio:
        twilio.exchange.action_after_loss = asks
        assert await twilio.exchange.ring(OURS, ScriptedPerson()).ended() == "completed"
        assert len(app.of("/after")) == asks


async def test_a_stream_that_is_refused() -> None:
    app = App(refuses=True)
    app.documents = {"/voice": lambda _: connect(app), "/after": response("<Hangup/>")}
    async with exchange(app) as twilio:
        call = twilio.exchange.ring(OURS, ScriptedPerson())
        await call.ended()
        assert call.errors == [31920]
        assert len(app.of("/after")) == 1
        (told,) = app.of("/stream-status")
        assert (told["StreamEvent"], told["StreamError"]) == ("stream-error", "31920")


async def test_keys_menus_and_transfers() -> None:
    app = App()
    menu = '<Gather action="/menu" numDigits="2" finishOnKey="#"><Say>Press</Say></Gather><Say>nothing pressed</Say>'
    app.documents = {
        "/voice": response(menu),
        "/menu": lambda asked: response('<Dial action="/dialled" callerId="+1"><Number>+15550001</Number></Dial>'),
        "/dialled": response('<Redirect method="GET">/more?a=1</Redirect>'),
        "/more": response("<Hangup/>"),
    }
    async with exchange(app) as twilio:
        twilio.exchange.subscribers["+15550001"] = Subscriber(talk_seconds=0.1)
        call = twilio.exchange.ring(OURS, ScriptedPerson())
        await call.verbs.press("12")
        await call.ended()
    assert app.of("/menu")[0]["Digits"] == "12"
    assert app.of("/dialled")[0]["DialCallStatus"] == "completed"
    assert app.of("/more")[0]["a"] == "1"
    assert call.verbs.said == ["Press"]


async def test_a_broken_app_is_replaced_by_its_fallback_or_the_call_fails() -> None:
    app = App(documents={"/fallback": response("<Say>Sorry</Say>")})
    async with exchange(app, voice_fallback_url="/fallback") as twilio:
        call = twilio.exchange.ring(OURS, ScriptedPerson())
        assert await call.ended() == "completed"
        assert call.verbs.said == ["Sorry"]
        assert app.of("/fallback")[0]["ErrorCode"] == "11200"
    app = App(documents={"/voice": "no XML"})
    async with exchange(app) as twilio:
        call = twilio.exchange.ring(OURS, ScriptedPerson())
        assert (await call.ended(), call.errors) == ("failed", [12100])


# REST

ROOT = f"/2010-04-01/Accounts/{SID}"


async def test_the_account_and_its_numbers() -> None:
    async with exchange(App()) as twilio, httpx.AsyncClient(base_url=twilio.url, auth=(SID, TOKEN)) as client:
        account = (await client.get(f"{ROOT}.json")).json()
        assert (account["status"], account["type"]) == ("active", "Full")
        page = (await client.get(f"{ROOT}/IncomingPhoneNumbers.json", params={"PhoneNumber": OURS})).json()
        (number,) = page["incoming_phone_numbers"]
        assert number["capabilities"]["voice"] is True
        none = await client.get(f"{ROOT}/IncomingPhoneNumbers.json", params={"PhoneNumber": THEIRS})
        assert none.json()["incoming_phone_numbers"] == []
        changed = await client.post(
            f"{ROOT}/IncomingPhoneNumbers/{number['sid']}.json", data={"VoiceUrl": "https://new", "StatusCallback": "x"}
        )
        assert (changed.json()["voice_url"], changed.json()["status_callback"]) == ("https://new", "x")


async def test_errors_are_twilios() -> None:
    async with exchange(App()) as twilio, httpx.AsyncClient(base_url=twilio.url) as client:

        async def code(path: str, auth: tuple[str, str] = (SID, TOKEN), **data: str) -> tuple[int, int]:
            answer = await client.post(path, data=data, auth=auth) if data else await client.get(path, auth=auth)
            assert answer.json()["status"] == answer.status_code
            return answer.status_code, answer.json()["code"]

        assert await code(f"{ROOT}.json", (SID, "wrong")) == (401, 20003)
        assert await code(f"{ROOT}.json", ("AC", "x")) == (401, 20003)
        assert (await client.get(f"{ROOT}.json")).json()["code"] == 20003
        assert await code("/2010-04-01/Accounts/AC2.json") == (404, 20404)
        assert await code(f"{ROOT}/Calls/CA1.json") == (404, 20404)
        assert await code(f"{ROOT}/Calls.json", To="me", From=OURS, Url="http://h") == (400, 21211)
        assert await code(f"{ROOT}/Calls.json", To=THEIRS, From=THEIRS, Url="http://h") == (400, 21212)
        assert await code(f"{ROOT}/Calls.json", To=THEIRS, From=OURS, Twiml="<Response>") == (400, 12100)
        twilio.exchange.refusals = [(429, 20429), (500, 20500)]
        assert [await code(f"{ROOT}.json"), await code(f"{ROOT}.json")] == [(429, 20429), (500, 20500)]


async def test_a_call_out_with_its_callbacks_and_an_answering_machine() -> None:
    app = App(documents={"/out": response('<Pause length="0.2"/>'), "/status": "", "/amd": ""})
    async with exchange(app) as twilio, httpx.AsyncClient(base_url=twilio.url, auth=(SID, TOKEN)) as client:
        twilio.exchange.subscribers[THEIRS] = Subscriber(answered_by="machine_start", detection_seconds=0.05)
        twilio.exchange.webhooks.duplicate_callbacks = True
        form = {"To": THEIRS, "From": OURS, "Url": app.http + "/out", "StatusCallback": app.http + "/status"}
        form |= {"MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallback": app.http + "/amd"}
        events = ["initiated", "ringing", "answered", "completed"]
        made = await client.post(f"{ROOT}/Calls.json", data={**form, "StatusCallbackEvent": events})
        assert (made.status_code, made.json()["status"]) == (201, "queued")
        call = twilio.exchange.calls[made.json()["sid"]]
        await call.ended()
        told = app.of("/status")
        assert [t["SequenceNumber"] for t in told] == ["0", "0", "1", "1", "2", "2", "3", "3"]
        assert [t["CallStatus"] for t in told[::2]] == ["initiated", "ringing", "in-progress", "completed"]
        assert app.of("/amd")[0]["AnsweredBy"] == "machine_start"
        late = await client.post(f"{ROOT}/Calls/{call.sid}.json", data={"Status": "completed"})
        assert late.json()["code"] == 20404


@pytest.mark.parametrize(("outcome", "status"), [("busy", "busy"), ("no-answer", "no-answer")])
async def test_a_call_out_nobody_takes(outcome: Any, status: str) -> None:
    async with exchange(App()) as twilio, httpx.AsyncClient(base_url=twilio.url, auth=(SID, TOKEN)) as client:
        twilio.exchange.subscribers[THEIRS] = Subscriber(outcome=outcome)
        made = await client.post(f"{ROOT}/Calls.json", data={"To": THEIRS, "From": OURS, "Twiml": response("")})
        assert await twilio.exchange.calls[made.json()["sid"]].ended() == status


async def test_a_live_call_is_moved_to_another_document_or_ended() -> None:
    events: list[str] = []

    async def stream(connection: ServerConnection) -> None:
        while True:
            events.append(json.loads(await connection.recv())["event"])

    app = App(stream=stream)
    app.documents = {"/voice": lambda _: connect(app)}
    async with exchange(app) as twilio, httpx.AsyncClient(base_url=twilio.url, auth=(SID, TOKEN)) as client:
        person = ScriptedPerson()
        call = twilio.exchange.ring(OURS, person)
        await person.until(lambda person: len(person.heard) > 320)
        twiml = response("<Say>Moved</Say><Pause length='30'/>")
        await client.post(f"{ROOT}/Calls/{call.sid}.json", data={"Twiml": twiml})
        async with asyncio.timeout(5):
            while call.verbs.said != ["Moved"]:  # noqa: ASYNC110 - the call's own state
                await asyncio.sleep(0.01)
        assert events[-1] == "stop"
        await client.post(f"{ROOT}/Calls/{call.sid}.json", data={"Status": "completed"})
        assert await call.ended() == "completed"


# Telephones of the page


async def test_a_page_rings_and_talks() -> None:
    async def stream(connection: ServerConnection) -> None:
        sid = (await next_message(connection, "start"))["streamSid"]
        for _ in range(5):
            media = await next_message(connection, "media")
            back = {"event": "media", "streamSid": sid, "media": {"payload": media["media"]["payload"]}}
            await connection.send(json.dumps(back))
        assert (await next_message(connection, "dtmf"))["dtmf"]["digit"] == "3"
        await connection.close()

    app = App(stream=stream)
    app.documents = {"/voice": lambda _: connect(app), "/after": response("<Hangup/>")}
    async with exchange(app) as twilio:
        url = twilio.url.replace("http", "ws") + "/phone?to=" + OURS.replace("+", "%2B")
        async with websockets.connect(url) as page:
            await page.send(json.dumps({"type": "audio", "data": base64.b64encode(b"\0\x20" * 4800).decode()}))
            await page.send("nonsense")
            seen: list[Any] = []
            while not seen or seen[-1].get("state") != "completed":
                seen.append(json.loads(await asyncio.wait_for(page.recv(), 5)))
                if sum(message["type"] == "audio" for message in seen) == 10:
                    await page.send(json.dumps({"type": "dtmf", "digit": "3"}))
    kinds = {message["type"] for message in seen}
    assert kinds == {"audio", "status", "error"}
    loud = [m for m in seen if m["type"] == "audio" and max(base64.b64decode(m["data"])[1::2]) > 8]
    assert loud


async def test_a_page_is_called_and_answers() -> None:
    async with exchange(App()) as twilio, httpx.AsyncClient(base_url=twilio.url, auth=(SID, TOKEN)) as client:
        async with websockets.connect(twilio.url.replace("http", "ws") + "/phone?number=%2B15005550006") as page:
            while THEIRS not in twilio.exchange.subscribers:  # noqa: ASYNC110 - the stand-in's own state
                await asyncio.sleep(0.01)
            twiml = response('<Pause length="0.1"/>')
            made = await client.post(f"{ROOT}/Calls.json", data={"To": THEIRS, "From": OURS, "Twiml": twiml})
            states = [""]
            while states[-1] != "completed":
                states.append(json.loads(await asyncio.wait_for(page.recv(), 5))["state"])
                if states[-1] == "ringing":
                    await page.send(json.dumps({"type": "answer"}))
        assert "ringing" in states
        assert await twilio.exchange.calls[made.json()["sid"]].ended() == "completed"
        assert THEIRS not in twilio.exchange.subscribers


async def test_ringing_by_request() -> None:
    app = App(documents={"/voice": response("<Hangup/>")})
    async with exchange(app) as twilio, httpx.AsyncClient(base_url=twilio.url) as client:
        made = await client.post("/ring", json={"to": OURS, "from": "+15005550009"})
        assert made.status_code == 201
        call = twilio.exchange.calls[made.json()["callSid"]]
        await call.ended()
        assert app.of("/voice")[0]["From"] == "+15005550009"
        assert (await client.post("/ring", json={"to": "+1"})).status_code == 404
        assert (await client.post("/ring", content=b"{")).status_code == 400


def test_a_browser_that_stalled_once_is_not_late_for_the_rest_of_the_call() -> None:
    person = BrowserPerson(lambda pcm: None)
    quiet, loud = bytes(960), b"\x00\x40" * 480
    for _ in range(20):
        person.spoken(quiet)
    for _ in range(2):
        person.spoken(loud)
    heard = [np.abs(np.frombuffer(g711.decode(person.speak()), "<i2").astype(int)).max() for _ in range(20)]
    assert next(turn for turn, level in enumerate(heard) if level > 1000) <= 4
