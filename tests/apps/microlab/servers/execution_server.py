"""A server that carries out named jobs (ROUTER), with JSON as its language."""

import json
import logging
import math
import statistics
from collections.abc import Callable
from typing import Any

import zmq

from ._threaded import ThreadedServer

logger = logging.getLogger(__name__)

JOBS: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "mean": statistics.fmean,
    "median": statistics.median,
}


class ExecutionServer(ThreadedServer):
    """Takes ``{"job": "mean", "values": [1, 2]}`` and answers ``{"result": 1.5}``."""

    server_type = "execution"
    socket_type = zmq.ROUTER
    client_type = zmq.DEALER

    def serve(self, socket: "zmq.Socket[bytes]", frames: list[bytes]) -> None:
        """Answer to the client whose identity is the first frame."""
        answer = json.dumps(self.execute(frames[-1])).encode("utf-8")
        socket.send_multipart([frames[0], answer])

    def execute(self, message: bytes) -> dict[str, Any]:
        """Give the result of a job, or ``{"error": ...}`` where there is none."""
        try:
            order = json.loads(message)
            return {"result": JOBS[order["job"]](order["values"])}
        except (KeyError, TypeError, ValueError) as error:
            logger.info("a job failed: %s", error)
            return {"error": f"{type(error).__name__}: {error}"}
