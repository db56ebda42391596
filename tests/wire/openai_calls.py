"""Calls of the OpenAI adapter to the stand-in, for its tests."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.local.standins.conversation import StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import ToneBrains, silence, tone
from media_tier.providers.openai import OpenAiConnection, OpenAiRealtimeModel
from tests.wire.openai_fixtures import Heard, assert_valid, seed

UTTERANCE = tone(300) + silence(200)
QUICK = StandInScript(speed_factor=40.0)


@asynccontextmanager
async def serving() -> AsyncIterator[OpenAiStandIn]:
    """A stand-in; whatever is sent to it must be valid for OpenAI's own types."""
    async with OpenAiStandIn(ToneBrains(["good morning", "and then", "anything else"]), QUICK) as server:
        yield server
    for side, event in server.log:
        if side == "client":
            assert_valid(event)


def model(stand_in: OpenAiStandIn, **options: Any) -> OpenAiRealtimeModel:
    """The adapter, with the key the stand-in takes unless another `key` is given."""
    return OpenAiRealtimeModel(options.pop("key", "sk-local"), stand_in.url, time.monotonic, **options)


async def connected(stand_in: OpenAiStandIn, heard: Heard, **seeded: Any) -> OpenAiConnection:
    """A connection, seeded with what is given."""
    return await model(stand_in).connect(seed(**seeded), heard)


def complaints(stand_in: OpenAiStandIn) -> list[str]:
    return [
        str(event["error"]["code"]) for side, event in stand_in.log if side == "server" and event["type"] == "error"
    ]
