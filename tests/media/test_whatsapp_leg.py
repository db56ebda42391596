"""The WhatsApp leg against a stock WebRTC peer over real sockets: sound, keys, silence, strangers and hang-ups."""

import asyncio
import contextlib
import random
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pylibsrtp
import pytest

from infra.local.standins.meta_media import Network
from media_tier.call.events import Dtmf, EndRequested, Party, QualityMeasured
from tests.media.whatsapp_peer import LIMITS, Samples, call, share_of, tone, until

pytestmark = pytest.mark.realtime

LEG, PHONE = 24_000, 48_000
CLIENT_HELLO = bytes.fromhex("16fefd000000000000000000310100002500000000000000250001") + bytes(40)
FATAL_ALERT = bytes.fromhex("15fefd00000000000000000002") + b"\x02\x28"


def similarity(sent: Samples, got: Samples) -> tuple[float, int]:
    """The highest normalised correlation and the delay, in samples, at which it is reached."""
    size = 1 << (len(sent) + len(got)).bit_length()
    product = np.fft.irfft(np.fft.rfft(got.astype(float), size) * np.conj(np.fft.rfft(sent.astype(float), size)), size)
    delay = int(product[: len(got)].argmax())
    overlap = got[delay : delay + len(sent)].astype(float)
    sent_part = sent[: len(overlap)].astype(float)
    return float(overlap @ sent_part / (np.linalg.norm(overlap) * np.linalg.norm(sent_part) + 1)), delay


def melody(rate: int) -> bytes:
    """A rising tone: unlike a steady one it correlates at one delay only."""
    times = np.arange(rate) / rate
    return (8000 * np.sin(2 * np.pi * (250 * times + 400 * times**2))).astype("<i2").tobytes()


async def test_both_sides_hear_each_other() -> None:
    async with call() as c:
        c.open()
        c.leg.play(melody(LEG))
        c.phone.say(melody(PHONE))
        await asyncio.sleep(1.4)
        at_phone, phone_delay = similarity(np.frombuffer(melody(PHONE), "<i2"), c.phone.sound())
        at_leg, leg_delay = similarity(np.frombuffer(melody(LEG), "<i2"), c.ear.sound)
    assert at_phone > 0.95 and at_leg > 0.95
    assert phone_delay < 0.1 * PHONE and leg_delay < 0.1 * LEG
    assert c.ear.played[-1] == LEG, "every sample that left counts as heard"
    assert c.ear.played == sorted(c.ear.played)
    assert 60 <= len(c.phone.heard) <= 75, "silence is sent too"


async def test_nothing_leaves_before_the_call_is_accepted_and_nothing_is_lost_by_waiting() -> None:
    async with call() as c:
        c.phone.talk()
        c.leg.play(tone(440, 0.4, LEG))
        await asyncio.sleep(0.7)
        assert c.phone.early_packets == 0 and not c.phone.heard
        assert not c.ear.audio, "the caller is not listened to before either"
        assert set(c.ear.played) == {0}, "the playout is told that nothing was heard yet"
        c.open()
        await asyncio.sleep(0.6)
        assert share_of(440, c.phone.sound()[: int(0.4 * PHONE)], PHONE) > 0.95
        assert c.ear.played[-1] == 0.4 * LEG


async def test_a_barge_in_cuts_within_60_ms_and_says_what_was_heard() -> None:
    async with call() as c:
        c.open()
        c.leg.play(tone(440, 3, LEG))
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        c.leg.stop()
        cut_at = loop.time()
        assert not c.ear.stopped, "the answer never comes from within the verb"
        await asyncio.sleep(0.4)
        loud = [frame.at for frame in c.phone.heard if np.abs(np.frombuffer(frame.pcm, "<i2")).max() > 500]
        assert sum(at > cut_at for at in loud) <= 3, "20 ms each"
        assert c.ear.stopped[0] == pytest.approx(len(loud) * 0.02 * LEG, abs=0.06 * LEG)
        c.leg.play(tone(900, 0.2, LEG))
        await asyncio.sleep(0.4)
        assert share_of(900, c.phone.sound(cut_at + 0.35)[: int(0.2 * PHONE)], PHONE) > 0.9
        assert c.ear.played[-1] == c.ear.stopped[0] + 0.2 * LEG


async def test_every_key_is_heard_once() -> None:
    async with call() as c:
        c.open()
        for key in "1590*#":
            await c.phone.press(key, frames=2)
        await asyncio.sleep(0.1)
        assert [event.digit for event in c.ear.events if isinstance(event, Dtmf)] == list("1590*#")
        assert c.leg._ear.concealed == 0, "key presses are no lost sound"


async def test_a_key_held_for_long_is_one_key_even_on_a_bad_network() -> None:
    async with call(Network(loss=0.2, repeat=0.3, seed=4)) as c:
        c.open()
        await c.phone.press("7", frames=15)
        await asyncio.sleep(0.1)
        assert [event for event in c.ear.events if isinstance(event, Dtmf)] == [Dtmf("7")]


async def test_loss_costs_only_what_was_lost() -> None:
    async with call(Network(loss=0.1, seed=9)) as c:
        c.open()
        c.phone.say(tone(500, 2, PHONE))
        await asyncio.sleep(2.3)
        assert c.phone.lost - 2 <= c.leg._ear._buffer.concealed <= c.phone.lost
        assert c.phone.lost > 5
        sound = c.ear.sound[: 2 * LEG]
    assert share_of(500, sound, LEG) > 0.9
    windows = np.abs(sound[: len(sound) // 480 * 480].reshape(-1, 480)).max(axis=1) > 1000
    holes = "".join("x" if loud else " " for loud in windows[2:97]).split("x")
    assert max(map(len, holes)) <= 3, "no gap is longer than 60 ms"


async def test_an_impostor_with_another_certificate_is_refused() -> None:
    with pytest.raises(ConnectionError):
        async with call(fingerprint=":".join(["00"] * 32)):
            pass


@pytest.mark.parametrize("datagram", [CLIENT_HELLO, FATAL_ALERT, b"\x80" * 60, b"", b"\x01\x01\xff\xff" * 9])
async def test_a_stranger_cannot_break_the_handshake_or_the_call(datagram: bytes) -> None:
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with stranger:
        tasks: list[asyncio.Task[None]] = []

        async def shout(port: int) -> None:
            while True:
                for _ in range(5):
                    stranger.sendto(datagram, ("127.0.0.1", port))
                await asyncio.sleep(0.002)

        def bystander(port: int) -> None:
            for _ in range(20):
                stranger.sendto(datagram, ("127.0.0.1", port))
            tasks.append(asyncio.get_running_loop().create_task(shout(port)))

        async with call(bystander=bystander) as c:
            c.open()
            c.phone.say(tone(500, 0.5, PHONE))
            await asyncio.sleep(0.7)
            assert share_of(500, c.ear.sound[: LEG // 2], LEG) > 0.95
            assert c.path.foreign > 100
            assert not c.over
        for task in tasks:
            task.cancel()


async def test_rubbish_from_the_right_peer_is_survived() -> None:
    rng = random.Random(5)
    async with call() as c:
        c.open()
        for _ in range(150):
            size = rng.randrange(12, 200)
            packet = bytearray(rng.randbytes(size))
            packet[0] = 0x80 | rng.randrange(0x40)
            packet[1] = rng.choice((111, 126, 0, 13))
            with contextlib.suppress(pylibsrtp.Error):  # some are too broken to be encrypted
                await c.phone.send_raw(bytes(packet))
        c.phone.say(tone(500, 0.4, PHONE))
        await asyncio.sleep(0.8)
        assert not c.over
        assert share_of(500, c.ear.sound[-LEG // 2 :], LEG) > 0.5


async def test_a_flood_from_the_right_peer_does_not_become_a_flood_of_sound() -> None:
    async with call() as c:
        c.open()
        for sequence in range(3000):
            packet = b"\x80\x6f" + sequence.to_bytes(2) + (sequence * 960).to_bytes(4) + b"\0\0\0\7" + b"\xfc\xff\xfe"
            await c.phone.send_raw(packet)
        await asyncio.sleep(0.2)
        assert len(c.ear.sound) < 15 * LEG, "of a minute that was sent"


async def test_a_leg_without_media_is_lost() -> None:
    async with call(limits=replace(LIMITS, silent_seconds=0.5)) as c:
        c.open()
        await asyncio.sleep(0.3)
        c.phone.network.silent = True
        began = time.monotonic()
        await until(lambda: c.ear.gone)
        assert 0.3 < time.monotonic() - began < 2.2
        assert c.ear.gone == [False] and c.over == [True]
        c.leg.close(1000, "late")
        await asyncio.sleep(0)
        assert c.ear.gone == [False] and c.over == [True]


async def test_time_passes_for_the_listener_while_a_muted_phone_sends_nothing() -> None:
    async with call() as c:
        c.open()
        await asyncio.sleep(0.2)
        c.phone.network.silent = True
        heard = len(c.ear.sound)
        await asyncio.sleep(1.0)
        assert len(c.ear.sound) - heard == pytest.approx(0.8 * LEG, abs=0.15 * LEG)
        assert not c.over


async def test_the_caller_hanging_up_ends_the_call_at_once() -> None:
    async with call() as c:
        c.open()
        await c.phone.close()
        await until(lambda: c.ear.gone)
        assert c.ear.gone == [True]
        assert c.ear.events[-1] == EndRequested(Party.CALLER)


async def test_our_end_is_told_to_whoever_tells_meta() -> None:
    async with call() as c:
        c.open()
        c.leg.close(1000, "done")
        assert c.over == [True] and not c.ear.gone
        await until(lambda: c.ear.gone)
        assert c.ear.gone == [True]


async def test_the_quality_of_the_connection_is_reported() -> None:
    async with call(Network(loss=0.3, seed=2)) as c:
        c.open()
        await until(lambda: [event for event in c.ear.events if isinstance(event, QualityMeasured)])
        report = next(event for event in c.ear.events if isinstance(event, QualityMeasured))
        assert report.underruns > 3
        await until(lambda: [e for e in c.ear.events if isinstance(e, QualityMeasured) and e.rtt_ms], 8)
        measured = [event.rtt_ms for event in c.ear.events if isinstance(event, QualityMeasured)][-1]
        assert 0 < measured < 100, "as the far end's reports tell"


async def test_calls_leave_nothing_behind() -> None:
    async def once(number: int) -> None:
        async with call(Network(seed=number)) as c:
            c.open()
            c.leg.play(tone(440, 0.1, LEG))
            await asyncio.sleep(0.05)

    def held() -> tuple[int, int, int]:
        return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    await once(0)
    await asyncio.sleep(0.05)
    before = held()
    for number in range(1, 11):
        await once(number)
    await asyncio.sleep(0.05)
    assert held() == before
