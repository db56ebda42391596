"""Rendered sentences on S3 for functions, whose S3 client is synchronous. The media tier reads the same objects."""

import asyncio

from botocore.exceptions import BotoCoreError, ClientError

from shared.ports.blobs import Blobs
from shared.ports.prompts import PromptStoreFailed

SOUND = "audio/L16; rate=24000; channels=1"


class BlobPromptStore:
    """Implements ports.prompts.PromptStore."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        try:
            return await asyncio.to_thread(self._blobs.get, key)
        except (BotoCoreError, ClientError) as error:
            raise PromptStoreFailed("a rendered sentence could not be read") from error

    async def put(self, key: str, pcm: bytes) -> None:
        """See the port."""
        try:
            await asyncio.to_thread(self._blobs.put_parts, key, [pcm], SOUND)
        except (BotoCoreError, ClientError) as error:
            raise PromptStoreFailed("a rendered sentence could not be stored") from error
