"""
Our own HTTP/1.1 client.

`pool.py` takes a request, `lane.py` keeps an origin's connections, `dial.py` makes one, `connection.py` speaks on it,
`exchange.py` holds the answer for its reader.
"""

from .pool import PooledTransport

__all__ = ["PooledTransport"]
