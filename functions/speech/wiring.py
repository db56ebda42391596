"""Builds what every function needs that lets chatbots speak ahead of calls, once for each container."""

import os
from functools import cache

from functions.speech.speakers import speakers
from functions.wiring import blobs, now, sqs, table, with_provider_keys
from shared.adapters.aws.blob_prompt_store import BlobPromptStore
from shared.adapters.aws.dynamo.calls import DynamoRateLimits
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots
from shared.adapters.aws.render_queue import SqsRenderQueue
from shared.contracts.environment import SpeechEnvironment
from shared.services.speaking import SpeakingPorts


@cache
def environment() -> SpeechEnvironment:
    """This process's environment."""
    return SpeechEnvironment.read(os.environ)


@cache
def speaking_ports() -> SpeakingPorts:
    """What rendering sentences and previews needs."""
    env = with_provider_keys(environment())
    core = table(env.core_table)
    return SpeakingPorts(
        chatbots=DynamoChatbots(core),
        models=DynamoAiModels(core),
        speakers={provider: speaker.renderer for provider, speaker in speakers(env).items()},
        store=BlobPromptStore(blobs()),
        rates=DynamoRateLimits(table(env.live_table)),
        now=now,
    )


def render_queue() -> SqsRenderQueue:
    """Asks for a chatbot's sentences to be rendered."""
    return SqsRenderQueue(sqs(), environment().render_prompts_queue_url)
