"""Rendered sentences on S3, through obstore."""

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from shared.ports.prompts import PromptStoreFailed


class S3PromptStore:
    """Implements ports.prompts.PromptStore on any store of obstore; objects are named `<prefix><key>`."""

    def __init__(self, store: ObjectStore, prefix: str = "") -> None:
        self._store, self._prefix = store, prefix

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        try:
            answer = await obstore.get_async(self._store, self._prefix + key)
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise PromptStoreFailed("a rendered sentence could not be read") from error

    async def put(self, key: str, pcm: bytes) -> None:
        """See the port."""
        try:
            await obstore.put_async(self._store, self._prefix + key, pcm)
        except BaseError as error:
            raise PromptStoreFailed("a rendered sentence could not be stored") from error
