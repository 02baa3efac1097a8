"""Failed tries with tokens, by address: after some of them an address has to wait."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_S = 15 * 60.0
ADDRESSES = 10_000
"""So many are remembered, those that failed last; and so many tokens that were good."""


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
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, address: str, shown: str = "") -> None:
        """One more failure of an address, with what it has shown."""
        self._good.pop(_digest(shown), None)
        key = network(address)
        self._failed.setdefault(key, deque(maxlen=self._most)).append(self._clock())
        self._failed.move_to_end(key)
        while len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)

    def good(self, shown: str) -> None:
        """What was shown is good: it need not wait for the failures of others at its address."""
        self._good[_digest(shown)] = None
        self._good.move_to_end(_digest(shown))
        while len(self._good) > ADDRESSES:
            self._good.popitem(last=False)

    def wait_s(self, address: str, shown: str = "") -> float:
        """Seconds until an address may try again; 0 for now, and for what was good before."""
        if shown and _digest(shown) in self._good:
            return 0.0
        times = self._failed.get(network(address), deque())
        if len(times) < self._most:
            return 0.0
        return max(0.0, times[0] + self._window_s - self._clock())


def _digest(shown: str) -> bytes:
    return hashlib.sha256(shown.encode("utf-8", "surrogateescape")).digest()


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
