"""What the Gemini tests share: a model, a seed, a stand-in with its certificate."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from infra.local.standins.certificate import Certificate, make_certificate
from infra.local.standins.conversation import StandInScript
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.tones import ToneBrains, silence, tone
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.ports import SessionSeed, ToolSpec
from media_tier.providers.gemini import GeminiLiveModel
from shared.contracts.settings.ai_model import AiModel, Capabilities, Prices
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings

MODEL = AiModel(
    id="gemini-3.8-live",
    name="Gemini 3.8 Live",
    provider="google",
    capabilities=Capabilities(
        server_interrupts_on_speech=True, resumable=True, input_rate=16000, max_connection_seconds=600
    ),
    prices=Prices(
        version="2026-11",
        text_in=Decimal("0.75"),
        audio_in=Decimal(3),
        text_out=Decimal("4.5"),
        audio_out=Decimal(12),
    ),
    max_conversation_tokens=131_072,
)
LOOKUP = ToolSpec("lookup", "Finds an order.", {"type": "object", "properties": {"number": {"type": "string"}}})
UTTERANCE = tone(200) + silence(160)


def settings(**changes: Any) -> CallSettings:
    """Call settings; turns end after 100 ms of silence, so that tests are quick."""
    given: dict[str, Any] = {
        "ai_model_id": MODEL.id,
        "voice": VoiceSettings(voice_id="Kore"),
        "vad": {"silence_duration_ms": 100},
    }
    return CallSettings.model_validate({**given, **changes})


def seed(
    *,
    connection: int = 1,
    given: CallSettings | None = None,
    model: AiModel = MODEL,
    tools: Sequence[ToolSpec] = (LOOKUP,),
    history: Sequence[HistoryItem] = (),
    tools_done: Sequence[ToolOutcome] = (),
    handle: str | None = None,
) -> SessionSeed:
    """What a connection starts with."""
    return SessionSeed("call-1", connection, given or settings(), model, "Be kind.", tools, history, tools_done, handle)


@cache
def certificate() -> Certificate:
    """One for the whole run: making it is the slowest part."""
    return make_certificate(Path(mkdtemp(prefix="gemini-standin-")))


@contextlib.asynccontextmanager
async def standing_in(texts: Iterable[str] = (), **script: Any) -> AsyncIterator[GeminiStandIn]:
    """A stand-in that understands the caller's utterances as `texts`."""
    given = StandInScript(**{"speed_factor": 20.0, **script})
    async with GeminiStandIn(ToneBrains(texts), certificate(), given) as stand_in:
        yield stand_in


def model_at(stand_in: GeminiStandIn, *, api_key: str = "local", **changes: Any) -> GeminiLiveModel:
    """Our adapter, pointed at a stand-in."""
    given = {"ssl_context": stand_in.certificate.client_context(), **changes}
    return GeminiLiveModel(api_key, stand_in.url, time.monotonic, **given)
