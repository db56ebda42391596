"""Writes the catalogue and the demo company, and renders their fixed sentences. Repeating it changes nothing."""

import asyncio
import os

from infra.local import aws
from infra.local.demo import CHATBOTS, COMPANY, ORDER
from media_tier.call.sentences import fixed_sentences
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.object_store import open_bucket
from shared.adapters.aws.prompt_store import S3PromptStore
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.domain.catalogue import MODELS
from shared.services.prompts import render_prompts


def write(endpoint: str) -> None:
    """Catalogue, company, chatbots, published settings."""
    core = Table(aws.client("dynamodb", endpoint), "core")
    models, chatbots = DynamoAiModels(core), DynamoChatbots(core)
    for model in MODELS:
        models.save(model)
    DynamoCompanies(core).save(COMPANY)
    core.put(keys.order(COMPANY.company_id, ORDER.order_number), ORDER)
    for chatbot, settings, widget in CHATBOTS:
        known = chatbots.get(COMPANY.company_id, chatbot.chatbot_id)
        version = 0 if known is None else known.call_settings_version
        published = chatbots.call_settings(COMPANY.company_id, chatbot.chatbot_id, version) if version else None
        current = chatbot.model_copy(update={"call_settings_version": version})
        if published != settings:
            chatbots.publish(current, settings)
        chatbots.save_widget_config(COMPANY.company_id, chatbot.chatbot_id, widget)


async def render(endpoint: str) -> int:
    """Render what is not there yet; returns how many sentences that were."""
    store = S3PromptStore(open_bucket(aws.BUCKET, region=aws.REGION, endpoint=endpoint))
    speech, rendered = EspeakSpeech(), 0
    by_id: dict[str, AiModel] = {model.id: model for model in MODELS}
    for _, settings, _ in CHATBOTS:
        rendered += await render_prompts(settings, _sentences(settings, by_id[settings.ai_model_id]), speech, store)
    speech.close()
    return rendered


def _sentences(settings: CallSettings, model: AiModel) -> tuple[str, ...]:
    return fixed_sentences(FrozenConfiguration(settings=settings, settings_version=1, model=model))


if __name__ == "__main__":
    where = os.environ["AWS_ENDPOINT_URL"]
    write(where)
    print(f"rendered {asyncio.run(render(where))} sentences", flush=True)
    # obstore's threads now and then abort an interpreter that shuts down around them; everything is stored.
    os._exit(0)
