"""A server that answers with what it was sent (REP)."""

import zmq

from ._threaded import ThreadedServer


class EchoServer(ThreadedServer):
    """Shows that a connection works."""

    server_type = "echo"
    socket_type = zmq.REP
    client_type = zmq.REQ

    def serve(self, socket: "zmq.Socket[bytes]", frames: list[bytes]) -> None:
        """Send the frames back."""
        socket.send_multipart(frames)
