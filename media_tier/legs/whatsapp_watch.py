"""Looks what Meta reported of this process's WhatsApp calls: all of them in one read, once a second.

Meta tells the webhooks, which know neither which process has a call nor how to reach it; what they store is read
here. An ended call is noticed within PERIOD, and nobody needs an address for that. While a call of ours rings the
person waits for sound, so it is looked more often.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from media_tier.legs.whatsapp_line import Line
from shared.ports.carrier_reports import CarrierKey, CarrierReports

log = logging.getLogger(__name__)

PERIOD = 1.0
RINGING_PERIOD = 0.25
AT_A_TIME = 100


class Watch:
    """`run` until cancelled; tells each followed line what is new."""

    def __init__(self, reports: CarrierReports) -> None:
        self._reports = reports
        self._lines: dict[CarrierKey, Line] = {}
        self._ringing: set[CarrierKey] = set()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Those followed now."""
        return tuple(self._lines.values())

    @contextmanager
    def following(self, line: Line) -> Iterator[None]:
        """Tell this line."""
        self._lines[line.key] = line
        try:
            yield
        finally:
            self._lines.pop(line.key, None)

    @contextmanager
    def ringing(self, line: Line) -> Iterator[None]:
        """Look often meanwhile."""
        self._ringing.add(line.key)
        try:
            yield
        finally:
            self._ringing.discard(line.key)

    async def run(self) -> None:
        """Look, for ever."""
        turn = 0
        while True:
            await asyncio.sleep(RINGING_PERIOD)
            turn += 1
            everything = turn % round(PERIOD / RINGING_PERIOD) == 0
            keys = list(self._lines if everything else self._ringing & self._lines.keys())
            for start in range(0, len(keys), AT_A_TIME):
                await self._look(keys[start : start + AT_A_TIME])

    async def _look(self, keys: list[CarrierKey]) -> None:
        try:
            for carrier in await self._reports.read(keys):
                line = self._lines.get(CarrierKey(carrier.company_id, carrier.account_id, carrier.carrier_call_id))
                if line is not None and line.latest != carrier:
                    line.reported(carrier)
        except Exception as error:  # storage may be away for a while: it is read again
            log.warning("reports of calls could not be read", extra={"kind": type(error).__name__})
