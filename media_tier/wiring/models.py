"""The providers a process can reach."""

import ssl
import time

from media_tier.ports import RealtimeModel
from media_tier.providers.gemini import GeminiLiveModel
from media_tier.providers.openai import OpenAiRealtimeModel
from shared.contracts.environment import MediaEnvironment


def realtime_models(env: MediaEnvironment) -> dict[str, RealtimeModel]:
    """The providers this process can reach."""
    models: dict[str, RealtimeModel] = {}
    if env.stage != "prod":
        # Not deployed: the simulation's packages exist on development machines only.
        from media_tier.providers.simulated.model import SimulatedModel
        from shared.adapters.espeak_speech import EspeakSpeech

        models["simulated"] = SimulatedModel(EspeakSpeech())
    if env.openai_api_key is not None:
        models["openai"] = OpenAiRealtimeModel(
            env.openai_api_key, env.openai_websocket_base_url, time.monotonic, epoch=time.time, ssl=trusted(None)
        )
    if env.gemini_api_key is not None:
        models["google"] = GeminiLiveModel(
            env.gemini_api_key, env.gemini_base_url, time.monotonic, ssl_context=trusted(env.gemini_ca_file)
        )
    return models


def trusted(ca_file: str | None) -> ssl.SSLContext:
    """A TLS context for every connection: making one reads the authorities, 20 ms in which no call is served."""
    return ssl.create_default_context(cafile=ca_file)
