"""How much a widget connection may ask of us."""

from dataclasses import dataclass

from shared.contracts.messages.widget_socket import CloseCode


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """Seconds, bytes and counts; audio is measured in seconds of sound. Tests shrink them."""

    handshake_seconds: float = 10.0
    """From the TCP connection to the complete upgrade request."""
    half_open: int = 512
    """Connections without a complete upgrade request; one more evicts the oldest."""
    admit_seconds: float = 10.0
    admit_audio_seconds: float = 1.0
    """The newest sound kept while a call is being admitted."""
    messages_per_second: float = 100.0
    message_burst: float = 200.0
    audio_per_second: float = 1.5
    audio_burst_seconds: float = 2.0
    idle_seconds: float = 10.0
    bad_messages: int = 5
    """The one with this number closes the connection."""
    ping_seconds: float = 5.0
    write_buffer_bytes: int = 512 * 1024
    unacked_seconds: float = 4.0
    """Twice what the playout lets out unacknowledged."""
    slow_seconds: float = 15.0
    """How long a ping may go unanswered, or more than `unacked_seconds` of sound unacknowledged."""
    sweep_seconds: float = 0.5
    close_seconds: float = 1.0
    """For the far end to answer our close frame."""
    close_frames: int = 200
    """Read after our close frame while the client's is awaited: what a widget may have under way, no flood."""


class Allowance:
    """A token bucket that forgives a stalled network.

    Silence of more than a quarter of a second earns its whole backlog on top of the burst (up to `stall` seconds),
    because that is what arrives at once when a stall ends.
    """

    def __init__(self, rate: float, burst: float, stall: float, now: float) -> None:
        self._rate, self._burst, self._stall = rate, burst, stall
        self._left = burst
        self._at = now

    def take(self, amount: float, now: float) -> bool:
        """Whether `amount` is within the allowance; it is taken only if it is."""
        elapsed, self._at = now - self._at, now
        left, burst = self._left, self._burst
        if elapsed > 0.25:
            left = min(left, burst) + min(elapsed, self._stall) * self._rate
        elif left < burst:
            left += elapsed * self._rate
            if left > burst:
                left = burst
        taken = amount <= left
        self._left = left - amount if taken else left
        return taken


PROTOCOL_ERROR = 1002
"""RFC 6455: the frames themselves are broken."""

ERROR_CODES: dict[int, str] = {code: code.name.lower() for code in CloseCode} | {PROTOCOL_ERROR: "protocol_error"}
"""What an error message that precedes a close is called."""

SENTENCES: dict[int, str] = {
    CloseCode.GOING_AWAY: "This server is closing; please reconnect.",
    CloseCode.POLICY_VIOLATION: "Too many malformed messages.",
    CloseCode.TOO_BIG: "The message is too big.",
    CloseCode.UNAUTHORIZED: "This call needs a valid token.",
    CloseCode.TIMED_OUT: "Nothing was heard from you for too long.",
    CloseCode.FLOOD: "Too much was sent in too short a time.",
    CloseCode.SLOW_READER: "The connection is too slow for a call.",
}
