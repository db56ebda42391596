"""The WhatsApp leg: Opus over SRTP to Meta's relay, paced by us, since nothing is buffered at the far end.

Invariant: not a packet leaves before `open` (Meta takes earlier media as accepting the call) and one leaves every
20 ms from then on, silence if there is nothing to say (Meta hangs up on legs that fall silent). A sample counts as
heard when its packet has left. The listener hears of the leg only between `attach` and `on_gone`, and `on_gone`
exactly once, never from within a verb it called itself.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from media_tier.bridge.wheel import PERIOD, Wheel
from media_tier.call.events import Dtmf, EndRequested, LegDropped, Party, QualityMeasured
from media_tier.legs.web import WebLegListener
from media_tier.legs.whatsapp_path import MediaPath
from media_tier.legs.whatsapp_sdp import Remote
from media_tier.legs.whatsapp_streams import Ear, FloodLimits, StreamIds, Voice
from media_tier.ports import Clock

_log = logging.getLogger(__name__)

_REPORT_TURNS = 50
_UNOPENED_TURNS = 25


@dataclass(frozen=True, slots=True)
class WhatsAppLimits:
    """Seconds and packets. Tests shrink them."""

    connect_seconds: float = 5.0
    """For ICE and DTLS, from our answer."""
    silent_seconds: float = 20.0
    """Without RTP, although the path answers: a muted client may send nothing for a while."""
    dead_seconds: float = 8.0
    """Without anything at all; connectivity checks alone come every 6 s at least."""
    quality_seconds: float = 5.0
    linger_seconds: float = 0.3
    """From our close to Meta's terminate, for what has left to be heard."""
    flood: FloodLimits = field(default_factory=FloodLimits)


class WhatsAppLeg:
    """Implements media_tier.ports.Leg; `over` is called once when it ended, for whoever must tell Meta.

    `early` is called for the caller's sound that comes before `open`.
    """

    def __init__(
        self,
        path: MediaPath,
        offer: Remote,
        ids: StreamIds,
        wheel: Wheel,
        clock: Clock,
        limits: WhatsAppLimits,
        over: Callable[[], None],
        early: Callable[[], None] = lambda: None,
    ) -> None:
        self._path, self._offer, self._wheel, self._clock, self._limits = path, offer, wheel, clock, limits
        self._over, self._early = over, early
        self._listener: WebLegListener | None = None
        self._gone = self._told = False
        self.left = False
        """The far end said goodbye."""
        self._voice = Voice(path, offer.opus, ids)
        self._ear = Ear(offer, limits.flood, clock())
        self._turns = 0
        self._opened_at: float | None = None
        self._quality_at = 0.0
        self._concealed = 0

    # Leg

    def play(self, pcm: bytes) -> None:
        """Queue PCM16 mono 24 kHz."""
        self._voice.queue(pcm)

    def stop(self) -> None:
        """Drop what has not left; `on_stopped` answers."""
        heard = self._voice.clear()
        if not self._gone:
            asyncio.get_running_loop().call_soon(self._stopped, heard)

    def tell(self, message: dict[str, Any]) -> None:
        """A telephone shows nothing."""

    def close(self, code: int, reason: str) -> None:
        """End the call; `on_gone(True)` follows."""
        self._end(clean=True)

    # The intake

    def attach(self, listener: WebLegListener) -> None:
        """The call was admitted. Until `open` the listener is told now and then that nothing was heard yet."""
        self._listener = listener
        if self._gone:
            self._tell_end(self.left)
        else:
            self._wheel.add(self._turn)

    def open(self) -> None:
        """Meta confirmed that the call is accepted: sound may flow."""
        now = self._clock()
        self._opened_at = self._quality_at = now
        self._ear.alive_at = self._path.heard_from_at = now
        self._voice.begin(now)
        self._wheel.add(self._turn)

    def hung_up(self) -> None:
        """The caller, or Meta, ended the call."""
        self.left = self.left or not self._gone
        self._end(clean=True)

    def lost(self) -> None:
        """The connection broke, or could not be made: Meta has no way back into a call."""
        self._end(clean=False)

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._gone

    # Packets

    def on_rtp(self, packet: bytes, now: float) -> None:
        """See Packets. What comes before the call is accepted is nobody's to hear."""
        listener = self._listener
        if listener is None or self._opened_at is None or self._gone:
            self._early()
            return
        digit = self._ear.hear(packet, now, self._voice.reports)
        for pcm in self._ear.sound(now):
            listener.on_caller_audio(pcm)
        if digit is not None:
            listener.on_event(Dtmf(digit))

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """See Packets."""
        self._voice.on_reports(packet, now)

    def on_path_closed(self) -> None:
        """See Packets."""
        self.hung_up()

    def _stopped(self, heard: int) -> None:
        if self._listener is not None and not self._gone:
            self._listener.on_stopped(heard)

    def _turn(self, now: float) -> bool:
        """Every 20 ms: send what is due, let the caller's time pass, look whether the far end is there."""
        listener = self._listener
        if self._gone or listener is None:
            return False
        self._turns += 1
        if self._opened_at is None:
            if self._turns % _UNOPENED_TURNS == 0:
                listener.on_played(0)
            return True
        heard = self._voice.turn(now)
        if heard is not None:
            listener.on_played(heard)
        for pcm in self._ear.overdue(now):
            listener.on_caller_audio(pcm)
        if self._turns % _REPORT_TURNS == 0:
            self._path.send_rtcp(self._voice.reports.report(now))
            self._look(listener, now)
        return not self._gone

    def _look(self, listener: WebLegListener, now: float) -> None:
        limits = self._limits
        if now - self._ear.alive_at > limits.silent_seconds or now - self._path.heard_from_at > limits.dead_seconds:
            _log.info("whatsapp media stopped", extra={"foreign": self._path.foreign})
            self.lost()
        elif now - self._quality_at >= limits.quality_seconds:
            self._quality_at = now
            concealed, self._concealed = self._ear.concealed - self._concealed, self._ear.concealed
            rtt = self._voice.reports.rtt
            # One frame in fifty is not heard by anybody.
            noticeable = concealed if concealed * PERIOD > 0.02 * limits.quality_seconds else 0
            listener.on_event(QualityMeasured((rtt or 0.0) * 1000, noticeable))

    def _end(self, clean: bool) -> None:
        if self._gone:
            return
        self._gone = True
        self._wheel.remove(self._turn)
        asyncio.get_running_loop().call_soon(self._tell_end, clean)
        self._over()

    def _tell_end(self, clean: bool) -> None:
        listener = self._listener
        if listener is None or self._told:
            return
        self._told = True
        if self.left:
            listener.on_event(EndRequested(Party.CALLER))
        elif not clean:
            listener.on_event(LegDropped(Party.CALLER, for_good=True))
        listener.on_gone(clean)

    def release(self) -> None:
        """Give the codecs back; nothing may be called afterwards."""
        self._voice.close()
        self._ear.close()
