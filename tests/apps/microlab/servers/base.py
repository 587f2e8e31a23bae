"""The base class of ZMQ servers; registers its subclasses without a metaclass."""

from abc import ABC, abstractmethod

from regcache_meta import AutoRegister


class Server(AutoRegister, ABC):
    """Listens on this machine between ``start()`` and ``stop()``."""

    __registry_key__ = "server_type"

    server_type: str | None = None

    @abstractmethod
    def start(self) -> str:
        """Begin to listen and give the address."""

    @abstractmethod
    def stop(self) -> None:
        """Stop listening; nothing of the server is left behind."""

    @abstractmethod
    def request(self, message: bytes, timeout: float = 5.0) -> bytes:
        """Send ``message`` as a client of this server would, and give the answer.

        No answer within ``timeout`` seconds is a TimeoutError.
        """


ZMQ_SERVERS = Server.__registry__
