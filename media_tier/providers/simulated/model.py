"""The simulated model: really hears and really speaks, without network or keys. Never for production.

It behaves as a realtime provider does: its own voice activity detection, sound in bursts faster than real time, words
beside the sound, tools, cancelling, truncating, an outer limit of a connection. One response is generated at a time;
others wait their turn. It never interrupts itself: it tells that the caller speaks, and obeys `cancel`.
"""

import asyncio
from collections import OrderedDict

from media_tier.ports import ProviderListener, ProviderUnavailable, RealtimeConnection, SessionSeed
from media_tier.providers.simulated.conversation import SimulatedConnection
from media_tier.providers.simulated.hearing import Recogniser
from media_tier.providers.simulated.scenarios import scenario_named
from shared.ports.speech import SpeechRenderer

MOST_RECOGNISERS = 8
"""One per vocabulary (they differ by end phrase); each holds an acoustic model."""


class SimulatedModel:
    """Implements ports.RealtimeModel. Calls with the same vocabulary share a recogniser."""

    def __init__(self, speech: SpeechRenderer) -> None:
        self._speech = speech
        self._recognisers: OrderedDict[tuple[str, ...], Recogniser] = OrderedDict()
        self._loading = asyncio.Lock()

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        """Ready as soon as the vocabulary is loaded. Refuses only where the scenario says so: ProviderUnavailable."""
        scenario = scenario_named(seed.settings.scenario)
        if scenario.unavailable:
            raise ProviderUnavailable("unavailable", "The scenario has it so.", fatal=True)
        recogniser = await self._recogniser((*scenario.phrases, seed.settings.end_phrase))
        return SimulatedConnection(seed, listener, self._speech, recogniser, scenario)

    async def _recogniser(self, phrases: tuple[str, ...]) -> Recogniser:
        async with self._loading:
            recogniser = self._recognisers.get(phrases)
            if recogniser is None:
                recogniser = self._recognisers[phrases] = Recogniser(phrases)
                await recogniser.warm()
                if len(self._recognisers) > MOST_RECOGNISERS:
                    self._recognisers.popitem(last=False)
            self._recognisers.move_to_end(phrases)
            return recogniser
