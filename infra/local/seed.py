"""Writes the catalogue and the demo company, and renders their fixed sentences, each by the
provider of its chatbot. Repeating it changes nothing.
"""

import asyncio
import os
from collections.abc import Mapping

from functions.speech.speakers import Speaker, speakers
from infra.local import aws, packages
from infra.local.demo import CHATBOTS, COMPANY, ORDER
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.object_store import open_bucket
from shared.adapters.aws.prompt_store import S3PromptStore
from shared.contracts.environment import SpeechEnvironment
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.domain.catalogue import MODELS
from shared.domain.sentences import fixed_sentences
from shared.ports.prompts import PromptStore
from shared.ports.speech import SpeechFailed
from shared.services.prompts import render_prompts


def write(endpoint: str, table: str = "core") -> None:
    """Catalogue, company, chatbots, published settings."""
    core = Table(aws.client("dynamodb", endpoint), table)
    models, chatbots = DynamoAiModels(core), DynamoChatbots(core)
    for model in MODELS:
        if models.get(model.id) is None:
            models.save(model)
    companies = DynamoCompanies(core)
    if companies.get(COMPANY.company_id) is None:
        companies.save(COMPANY)
    core.put(keys.order(COMPANY.company_id, ORDER.order_number), ORDER)
    for chatbot, settings, widget in CHATBOTS:
        if chatbots.get(COMPANY.company_id, chatbot.chatbot_id) is None:
            chatbots.publish(chatbot, settings)
            chatbots.save_widget_config(COMPANY.company_id, chatbot.chatbot_id, widget)


class Anew:
    """A prompt store that knows nothing yet, so that everything is rendered into the one below it."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        """Nothing."""
        return None

    async def put(self, key: str, pcm: bytes) -> None:
        """See the port."""
        await self._store.put(key, pcm)


async def render(environ: Mapping[str, str]) -> int:
    """Render what is not there yet; returns how many sentences that were."""
    store = S3PromptStore(open_bucket(aws.BUCKET, region=aws.REGION, endpoint=environ["AWS_ENDPOINT_URL"]))
    by_provider = speakers(SpeechEnvironment.read(environ))
    models = {model.id: model for model in MODELS}
    wanted = [(settings, models[settings.ai_model_id]) for _, settings, _ in CHATBOTS]
    counts = await asyncio.gather(
        *(
            render_chatbot(settings, model, by_provider[model.provider], store)
            for settings, model in wanted
            if model.provider in by_provider
        )
    )
    return sum(counts)


async def render_chatbot(settings: CallSettings, model: AiModel, speaker: Speaker, store: PromptStore) -> int:
    """What cannot be rendered is left out: the provider says it during the call. Returns how many were rendered."""
    mark = f"prompts/spoken-by-{model.provider}"
    known = await store.get(mark) == speaker.name.encode()
    try:
        rendered = await render_prompts(
            settings, _sentences(settings, model), speaker.renderer, store if known else Anew(store)
        )
    except SpeechFailed as failed:
        print(f"{model.id}: {failed}", flush=True)
        return 0
    if not known:
        await store.put(mark, speaker.name.encode())
    return rendered


def _sentences(settings: CallSettings, model: AiModel) -> tuple[str, ...]:
    return fixed_sentences(FrozenConfiguration(settings=settings, settings_version=1, model=model))


if __name__ == "__main__":
    write(os.environ["AWS_ENDPOINT_URL"])
    packages.write(os.environ["AWS_ENDPOINT_URL"])
    print(f"rendered {asyncio.run(render(os.environ))} sentences", flush=True)
    # obstore's threads now and then abort an interpreter that shuts down around them; everything is stored.
    os._exit(0)
