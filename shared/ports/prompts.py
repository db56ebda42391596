"""Where sentences rendered ahead are kept."""

from typing import Protocol


class PromptStoreFailed(Exception):
    """The store could not be read or written; trying again later may work."""


class PromptStore(Protocol):
    """Sound by key, PCM16 mono 24 kHz. Both verbs raise `PromptStoreFailed`."""

    async def get(self, key: str) -> bytes | None:
        """The sound, None if there is none."""
        ...

    async def put(self, key: str, pcm: bytes) -> None:
        """Keep the sound; replaces an earlier one."""
        ...
