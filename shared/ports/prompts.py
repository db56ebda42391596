"""Where sentences rendered ahead are kept."""

from typing import Protocol


class PromptStore(Protocol):
    """Sound by key; PCM16 mono 24 kHz."""

    async def get(self, key: str) -> bytes | None: ...
    async def put(self, key: str, pcm: bytes) -> None: ...
