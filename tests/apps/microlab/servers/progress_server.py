"""A server that publishes how far the tasks are (XPUB)."""

import queue
import time
from dataclasses import dataclass, field

import zmq

from ._threaded import ThreadedServer


@dataclass(frozen=True)
class Progress:
    """How much of a task was done at a moment."""

    task: str
    done: float
    moment: float = field(default_factory=time.time)

    def frames(self) -> list[bytes]:
        """Give the message: the task as topic, then the share that is done."""
        return [self.task.encode("utf-8"), f"{self.done:.0%}".encode("ascii")]


class ProgressServer(ThreadedServer):
    """Publishes each step, and tells a new subscriber at once how far its task is."""

    server_type = "progress"
    socket_type = zmq.XPUB
    client_type = zmq.SUB

    def __init__(self) -> None:
        """Prepare a server that knows no task yet."""
        super().__init__()
        self._latest: dict[str, Progress] = {}
        self._steps: queue.SimpleQueue[Progress] = queue.SimpleQueue()

    def update(self, task: str, done: float) -> None:
        """Say that ``done``, between 0 and 1, of ``task`` is done; any thread may."""
        self._steps.put(Progress(task, done))

    def idle(self, socket: "zmq.Socket[bytes]") -> None:
        """Publish the steps that were reported since."""
        while not self._steps.empty():
            step = self._steps.get()
            self._latest[step.task] = step
            socket.send_multipart(step.frames())

    def serve(self, socket: "zmq.Socket[bytes]", frames: list[bytes]) -> None:
        """Answer a subscription, byte 1 and its topic, with the latest step of that task."""
        event = frames[0]
        if event[:1] == b"\1":
            task = event[1:].decode("utf-8")
            socket.send_multipart(self._latest.get(task, Progress(task, 0.0)).frames())
