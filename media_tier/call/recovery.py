"""What is owed to the caller while connections come and go: answers, late results, and the words a new connection
has to be told."""

from media_tier.call.commands import AddContext, Command, RequestResponse
from media_tier.call.conversation import Conversation
from media_tier.call.events import Outcome, ResponseEnded, ToolFinished
from media_tier.call.policies.callback import CallbackOffer
from media_tier.call.sentences import (
    CALLBACK_NOTED,
    LET_ME_CHECK,
    NOBODY_FREE,
    OFFER_CALLBACK,
    TECHNICAL_DIFFICULTIES,
)
from media_tier.call.transcript import Transcript
from shared.contracts.settings.call_settings import FallbackBehavior

ASK_AGAIN_SECONDS = 8.0
RECONNECT_SECONDS = 15.0
GO_ON = (
    "The line was interrupted for a moment. Go on with the conversation where it stopped: answer what the caller "
    "said last or finish your last answer. Do not greet again and do not mention the interruption."
)
LATE_RESULT = "The tool you asked for earlier has finished with this result: {output}. Tell the caller."


class Recovery:
    """`owed`: the caller waits for an answer that was cut off or never came."""

    noted = CALLBACK_NOTED

    def __init__(self, fallback: FallbackBehavior) -> None:
        self._fallback = fallback
        self.owed = False
        self._asked_at: float | None = None
        self._asked_again = False
        self._known: set[str] = set()
        self._later: list[Command] = []

    @property
    def waiting(self) -> bool:
        """The caller has spoken and no answer has begun."""
        return self._asked_at is not None

    # Answers

    def caller_speaks(self) -> None:
        """The caller took the floor again: no answer is due yet."""
        self._asked_at = None

    def caller_stopped(self, now: float) -> None:
        """An answer is due from now on."""
        self._asked_at, self._asked_again, self.owed = now, False, True

    def nothing_said(self) -> None:
        """It was a noise: no answer is due."""
        self._asked_at, self.owed = None, False

    def answered(self) -> None:
        """A response or a tool request came."""
        self._asked_at = None

    def heard(self) -> None:
        """The caller hears the answer."""
        self.owed = False

    def response_ended(self, event: ResponseEnded) -> None:
        """An answer without sound, or cut by the caller, is no debt."""
        if event.outcome in (Outcome.COMPLETED, Outcome.CANCELLED) and not any(event.audio_ms.values()):
            self.owed = False

    def cut_off(self, was_speaking: bool) -> None:
        """The AI was stopped by no one's wish."""
        self.owed = self.owed or was_speaking

    def connection_lost(self) -> None:
        """Nobody is there to answer for now."""
        if self._asked_at is not None:
            self.owed = True
        self._asked_at = None

    def stalled(self, now: float) -> str | None:
        """ "ask" once after eight seconds without an answer, "reconnect" after fifteen."""
        if self._asked_at is None:
            return None
        waited = now - self._asked_at
        if waited >= RECONNECT_SECONDS - 1e-6:
            self._asked_at = None
            self.owed = True
            return "reconnect"
        if waited >= ASK_AGAIN_SECONDS - 1e-6 and not self._asked_again:
            self._asked_again = True
            return "ask"
        return None

    def deadline(self) -> float | None:
        """When `stalled` has something to say."""
        if self._asked_at is None:
            return None
        return self._asked_at + (RECONNECT_SECONDS if self._asked_again else ASK_AGAIN_SECONDS)

    # Connections

    def seeded(self, transcript: Transcript) -> None:
        """A connection is being opened with the transcript as it stands."""
        self._known = transcript.final_ids()

    def linked(self, transcript: Transcript, *, parked: bool) -> list[Command]:
        """A connection is in use: tell it what was said since it was seeded, and ask for what is owed."""
        commands: list[Command] = [AddContext(item.role, item.text) for item in transcript.finals_except(self._known)]
        commands += self._later
        owed = self.owed and not self._later and not parked
        self._later = []
        if owed:
            commands.append(self.resume())
        return commands

    def resume(self) -> RequestResponse:
        """Ask the AI to go on."""
        self.owed = False
        return RequestResponse(tag="resume", instructions=GO_ON)

    def later(self, command: Command) -> list[Command]:
        """Do this once a connection is in use, nothing now."""
        self._later.append(command)
        return []

    def late_tool(self, event: ToolFinished, *, linked: bool) -> list[Command]:
        """The result of a tool whose connection is gone."""
        if not event.ok or event.call_id == "callback":
            return []
        request = RequestResponse(tag="tool", instructions=LATE_RESULT.format(output=event.output))
        if linked:
            return [request]
        self._later.append(request)
        return []

    def filler(self, talk: Conversation) -> Command:
        """Fill the silence while a tool runs."""
        return talk.say(LET_ME_CHECK)[1]

    # No AI at all

    def give_up(self) -> tuple[str, CallbackOffer | None]:
        """What to say when nothing is left to try, and the callback offer if there is one."""
        match self._fallback:
            case FallbackBehavior.OFFER_CALLBACK:
                return OFFER_CALLBACK, CallbackOffer(ask_first=True)
            case FallbackBehavior.QUEUE_FOR_HUMAN:
                return NOBODY_FREE, CallbackOffer(ask_first=False)
            case _:
                return TECHNICAL_DIFFICULTIES, None
