"""A browser as a WhatsApp user's phone: microphone and loudspeaker over a WebSocket, the call itself over WebRTC.

`/whatsapp-phone?to=<number or its id>[&loss=0.05&jitter=0.03]` rings the business at once. JSON text messages:
the browser sends {"type":"audio","data":<base64 PCM16 24 kHz>}, {"type":"dtmf","digit":"5"}, {"type":"end"}; it gets
{"type":"ringing"}, {"type":"connected"}, audio in the same shape, {"type":"call_ended","status":…}.
"""

import asyncio
import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from infra.local.standins.meta_media import Network
from infra.local.standins.meta_world import MetaCall
from infra.local.standins.microphone import is_left_out
from media_tier.audio.resampling import Resampler

if TYPE_CHECKING:
    from infra.local.standins.meta import MetaStandIn

MAX_MESSAGE = 64 * 1024
MAX_SAYING = 100
"""Frames of the microphone waiting to be sent; a browser that sends faster than real time loses the rest."""


async def serve(meta: "MetaStandIn", request: web.Request) -> web.StreamResponse:
    """One phone, from ringing to the end of the call."""
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE, heartbeat=20)
    await socket.prepare(request)
    to = request.query.get("to", "").removeprefix("+")
    if not any(to in (number.number, number.phone_number_id) for number in meta.numbers.values()):
        await socket.send_json({"type": "error", "message": "Nobody has this number."})
        await socket.close()
        return socket
    network = Network(loss=_share(request.query.get("loss")), jitter=_share(request.query.get("jitter")))
    call = await meta.ring(to, network=network)
    await socket.send_json({"type": "ringing", "callId": call.call_id})
    showing = asyncio.get_running_loop().create_task(_show(call, socket))
    try:
        await _listen(call, socket)
    finally:
        await meta.hang_up(call)
        await showing
    return socket


async def _listen(call: MetaCall, socket: web.WebSocketResponse) -> None:
    up = Resampler(24_000, 48_000)
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        said = _read(message.data)
        match said.get("type"):
            case "audio" if call.phone.waiting < MAX_SAYING:
                pcm = _pcm(said.get("data"))
                wide = up.push(pcm)
                if not is_left_out(pcm, call.phone.waiting * 20):
                    call.phone.say(wide)
            case "dtmf" if str(said.get("digit")) in "0123456789*#":
                await call.phone.press(str(said["digit"]))
            case "end":
                break
        if call.ended:
            break


async def _show(call: MetaCall, socket: web.WebSocketResponse) -> None:
    """Send what the phone hears, and what becomes of the call."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    call.phone.on_sound = heard.put_nowait
    down, connected = Resampler(48_000, 24_000), False
    while not call.ended and not socket.closed:
        try:
            pcm = down.push(await asyncio.wait_for(heard.get(), 0.2))
        except TimeoutError:
            continue
        if not connected:
            connected = True
            await socket.send_json({"type": "connected"})
        await socket.send_json({"type": "audio", "data": base64.b64encode(pcm).decode()})
    if not socket.closed:
        await socket.send_json({"type": "call_ended", "status": call.status})
        await socket.close()


def _read(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _pcm(data: object) -> bytes:
    try:
        pcm = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except binascii.Error:
        return b""
    return pcm[: len(pcm) & ~1]


def _share(text: str | None, most: float = 0.5) -> float:
    try:
        return max(0.0, min(most, float(text or "0")))
    except ValueError:
        return 0.0
