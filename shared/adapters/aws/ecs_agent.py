"""The agent beside a Fargate task: who the task is, and its protection from being stopped.

Sources: "Amazon ECS task metadata endpoint version 4 for tasks on Fargate" and "Amazon ECS task scale-in protection
endpoint" (ECS developer guide). Both addresses are link-local variables of the container.
"""

from dataclasses import dataclass
from typing import Any

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=3)
LONGEST_MINUTES = 2880


@dataclass(frozen=True, slots=True)
class TaskIdentity:
    """`revision` is `<family>:<number>`, `address` the task's own in its network."""

    revision: str
    address: str


class EcsAgent:
    """`agent` is ECS_AGENT_URI, `metadata` ECS_CONTAINER_METADATA_URI_V4."""

    def __init__(self, http: aiohttp.ClientSession, agent: str, metadata: str) -> None:
        self._http, self._agent, self._metadata = http, agent, metadata

    async def identity(self) -> TaskIdentity:
        """Raises what aiohttp raises, and KeyError for an answer of another form."""
        async with self._http.get(f"{self._metadata}/task", timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            task: dict[str, Any] = await answer.json(content_type=None)
        networks = [network for container in task["Containers"] for network in container["Networks"]]
        return TaskIdentity(f"{task['Family']}:{task['Revision']}", str(networks[0]["IPv4Addresses"][0]))

    async def protect(self, minutes: int) -> None:
        """Not to be stopped for so long by a deployment or by scaling in. Raises what aiohttp raises."""
        await self._put({"ProtectionEnabled": True, "ExpiresInMinutes": min(minutes, LONGEST_MINUTES)})

    async def release(self) -> None:
        """May be stopped. Raises what aiohttp raises."""
        await self._put({"ProtectionEnabled": False})

    async def _put(self, state: dict[str, object]) -> None:
        url = f"{self._agent}/task-protection/v1/state"
        async with self._http.put(url, json=state, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
