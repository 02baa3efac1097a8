"""Failed tries with tokens, by address: after some of them an address has to wait."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_S = 15 * 60.0
ADDRESSES = 10_000
"""So many are remembered, those that failed last."""


class Tries:
    """Counts failures; not for several threads.

    Args:
        most: failures that are allowed in ``window_s``.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        most: int,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, address: str) -> None:
        """One more failure of an address."""
        key = network(address)
        self._failed.setdefault(key, deque(maxlen=self._most)).append(self._clock())
        self._failed.move_to_end(key)
        while len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)

    def wait_s(self, address: str) -> float:
        """Seconds until an address may try again; 0 for now."""
        times = self._failed.get(network(address), deque())
        if len(times) < self._most:
            return 0.0
        return max(0.0, times[0] + self._window_s - self._clock())


def network(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the network of an IPv6 one.

    >>> network("10.0.0.7"), network("2001:db8::1"), network("unknown")
    ('10.0.0.7', '2001:db8::/64', 'unknown')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
