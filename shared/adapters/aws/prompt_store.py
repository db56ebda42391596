"""Rendered sentences on S3, through obstore."""

import obstore
from obstore.store import ObjectStore


class S3PromptStore:
    """See shared.ports.prompts."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        """The sound, None if there is none."""
        try:
            answer = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            return None
        return bytes(await answer.bytes_async())

    async def put(self, key: str, pcm: bytes) -> None:
        """Store the sound."""
        await obstore.put_async(self._store, key, pcm)
