"""What the servers share: a socket that a thread of its own serves. No plugin is here."""

import logging
import threading
from abc import abstractmethod
from types import TracebackType
from typing import ClassVar

import zmq

from .base import Server

logger = logging.getLogger(__name__)

POLL_MILLISECONDS = 20


class ThreadedServer(Server):
    """Serves one socket in one thread; abstract, and therefore in no registry."""

    socket_type: ClassVar[int]
    client_type: ClassVar[int]

    def __init__(self) -> None:
        """Prepare a server that does not listen yet."""
        self.address = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def serve(self, socket: "zmq.Socket[bytes]", frames: list[bytes]) -> None:
        """Answer one message, given as the frames that came, on the socket that they came by."""

    def idle(self, socket: "zmq.Socket[bytes]") -> None:
        """Do what is to be done between two messages."""
        return None

    def start(self) -> str:
        """Bind a free port of this machine and start the thread."""
        if self._thread is not None:
            raise RuntimeError("the server listens already")
        context = zmq.Context()
        socket = context.socket(self.socket_type)
        socket.setsockopt(zmq.LINGER, 0)
        if self.socket_type == zmq.XPUB:
            socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        socket.bind("tcp://127.0.0.1:*")
        self.address = socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(context, socket), daemon=True)
        self._thread.start()
        logger.debug("%s listens on %s", type(self).__name__, self.address)
        return self.address

    def stop(self) -> None:
        """End the thread and close the socket; a server that does not listen stays as it is."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None

    def request(self, message: bytes, timeout: float = 5.0) -> bytes:
        """Send one message from a new client and wait for the last frame of the answer."""
        with zmq.Context() as context, context.socket(self.client_type) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(self.address)
            if self.client_type == zmq.SUB:
                socket.setsockopt(zmq.SUBSCRIBE, message)
            else:
                socket.send(message)
            if not socket.poll(round(timeout * 1000), zmq.POLLIN):
                raise TimeoutError(f"no answer from {self.address} within {timeout} s")
            return socket.recv_multipart()[-1]

    def __enter__(self) -> "ThreadedServer":
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self, context: "zmq.Context[zmq.Socket[bytes]]", socket: "zmq.Socket[bytes]") -> None:
        with context, socket:
            while not self._stopping.is_set():
                if socket.poll(POLL_MILLISECONDS, zmq.POLLIN):
                    self.serve(socket, socket.recv_multipart())
                self.idle(socket)
