"""What the operating system knows of a connection and the event loop does not."""

import select
import socket
import struct
import sys

_BYTES_ACKED = struct.Struct("=Q")
_BYTES_ACKED_AT = 120  # of Linux's `struct tcp_info`, which only ever grows at its end; since 4.1


class Kernel:
    """One socket's side of the system."""

    __slots__ = ("_poll", "_socket")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected.fileno(), select.POLLIN)

    def has_news(self) -> bool:
        """
        Has the provider hung up, or sent anything, that the event loop has not come to yet?

        A request on such a connection would be lost, and could not be told from one that was processed.
        """
        return bool(self._poll.poll(0))

    def acknowledged(self) -> int:
        """
        Return how many bytes the other side's kernel has confirmed so far; 0 where that cannot be told.

        A provider's FIN confirms all that its kernel had by then. So when a connection ends with a FIN and nothing of
        a request is confirmed, no process there has read it, nor will: this is what makes sending it again safe.
        A reset says nothing of the kind: it is not accompanied by what was read, and answers that are confirmed late
        (by up to 40 ms) are ordinary.
        """
        if sys.platform != "linux":
            return 0
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED_AT + _BYTES_ACKED.size)
        except OSError:  # closed already, or not TCP
            return 0
        if len(info) < _BYTES_ACKED_AT + _BYTES_ACKED.size:
            return 0
        acked: int = _BYTES_ACKED.unpack_from(info, _BYTES_ACKED_AT)[0]
        return acked
