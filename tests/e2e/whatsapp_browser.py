"""Chromium as a WhatsApp user's phone: an RTCPeerConnection of its own, a WAV as microphone, what it hears kept."""

import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.e2e.sound import Samples

PAGE = """<!doctype html><title>phone</title><script>
const RATE = 24000;
const KEEP = `registerProcessor("keep", class extends AudioWorkletProcessor {
  process(inputs) { if (inputs[0][0]) this.port.postMessage(inputs[0][0].slice()); return true; }
});`;
let peer, heard = [];
async function call() {
  const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: sound });
  peer = new RTCPeerConnection({ iceServers: [] });
  peer.addTrack(microphone.getAudioTracks()[0], microphone);
  peer.ontrack = async (event) => {
    const stream = new MediaStream([event.track]);
    const element = new Audio();  // without one Chromium never asks the track for sound
    element.muted = true;
    element.srcObject = stream;
    await element.play();
    const context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([KEEP], { type: "text/javascript" })));
    const keep = new AudioWorkletNode(context, "keep");
    keep.port.onmessage = (message) => heard.push(message.data);
    context.createMediaStreamSource(stream).connect(keep).connect(context.destination);
  };
  await peer.setLocalDescription(await peer.createOffer());
  while (peer.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return peer.localDescription.sdp;
}
async function take(sdp) { await peer.setRemoteDescription({ type: "answer", sdp }); }
function sound() {
  const all = new Int16Array(heard.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of heard) for (const sample of part) all[at++] = Math.max(-1, Math.min(1, sample)) * 32767;
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let from = 0; from < bytes.length; from += 32768)
    text += String.fromCharCode(...bytes.subarray(from, from + 32768));
  return btoa(text);
}
</script>"""


class BrowserPhone:
    """A page that calls, answers and listens."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def offer(self) -> str:
        """Chromium's own offer. Meta's relay stands for the phone, and says that it is ICE-lite."""
        sdp = str(await self._page.evaluate("call()"))
        return sdp.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n")

    async def answer(self, sdp: str) -> None:
        """Take the business's answer."""
        await self._page.evaluate("(sdp) => take(sdp)", sdp)

    async def state(self) -> str:
        """`connected` once media flows."""
        return str(await self._page.evaluate("peer.connectionState"))

    async def sound(self) -> Samples:
        """What came out of it so far, 24 kHz."""
        pcm = base64.b64decode(await self._page.evaluate("sound()"))
        return np.frombuffer(pcm, "<i2").astype(np.float64)


@asynccontextmanager
async def browser_phone(wav: Path) -> AsyncIterator[BrowserPhone]:
    """A phone whose microphone is a file, which starts when the phone calls."""
    app = web.Application()
    app.router.add_get("/", _page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=True,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={wav}%noloop",
                "--allow-loopback-in-peer-connection",
                "--disable-features=WebRtcHideLocalIpsWithMdns",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-background-networking",
                "--no-first-run",
            ],
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        yield BrowserPhone(page)
        await browser.close()
    await runner.cleanup()


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")
