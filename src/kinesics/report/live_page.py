"""A page that shows what `live` sees, served to this machine alone."""

from __future__ import annotations

import io
import json
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

import numpy as np
import PIL.Image
from PIL import ImageDraw

from kinesics.inference.live import LiveUpdate
from kinesics.perception.actions import ACTIONS
from kinesics.skeleton.drawing import EDGE, ON_DARK, draw_skeleton

_BOUNDARY = "frame"
_LISTED = 30  # events
_STRONGEST = 5  # facial actions
_WAIT = 5.0  # seconds for a frame, after which a page is asked to come again


class LivePage:
    """A server at an address that nobody can guess, on the loopback interface; a context."""

    def __init__(self) -> None:
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._changed = threading.Condition()
        self._number, self._jpeg, self._state = 0, b"", "{}"
        self._events: deque[dict[str, Any]] = deque(maxlen=_LISTED)
        self.viewers = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}{self._path}/"

    def __enter__(self) -> LivePage:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def shown(self, updates: Iterator[LiveUpdate]) -> Iterator[LiveUpdate]:
        """The same updates, each shown as it passes."""
        for update in updates:
            self.show(update)
            yield update

    def show(self, update: LiveUpdate) -> None:
        """Show what is known after a frame; nothing is drawn while nobody looks."""
        self._events.extend(
            {"label": one.event.label, "start": one.event.start, "end": one.event.end, "delay": one.delay}
            for one in update.changes
            if one.state == "ended"
        )
        jpeg = _drawn(update) if self.viewers else self._jpeg
        with self._changed:
            self._number, self._jpeg, self._state = self._number + 1, jpeg, json.dumps(self._facts(update))
            self._changed.notify_all()

    def _facts(self, update: LiveUpdate) -> dict[str, Any]:
        strength = np.nan_to_num(update.actions)
        strongest = [int(i) for i in np.argsort(-strength)[:_STRONGEST] if strength[i] > 0.1]
        return {
            "time": update.time,
            "dropped": update.dropped,
            "lag": update.lag,
            "delay": update.delay,
            "ongoing": [{"label": event.label, "start": event.start} for event in update.ongoing],
            "events": list(self._events)[::-1],
            "actions": [{"name": ACTIONS[i], "strength": float(strength[i])} for i in strongest],
        }

    def state(self) -> bytes:
        """What the page asks for, as JSON."""
        return self._state.encode()

    def next_jpeg(self, after: int) -> tuple[int, bytes] | None:
        """The first image after this number, waited for; None where none came."""
        with self._changed:
            there = self._changed.wait_for(lambda: self._number > after and self._jpeg, timeout=_WAIT)
            return (self._number, self._jpeg) if there else None

    def owns(self, path: str) -> str | None:
        """The part of a path behind this page's own, or None for any other."""
        return path.removeprefix(self._path + "/") if path.startswith(self._path + "/") else None


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, page: LivePage, *arguments: Any) -> None:
        self._page = page
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer with the page, what it asks for, or nothing."""
        wanted = self._page.owns(self.path)
        if wanted == "":
            self._answer("text/html; charset=utf-8", (files("kinesics.report") / "assets" / "live.html").read_bytes())
        elif wanted == "state":
            self._answer("application/json", self._page.state())
        elif wanted == "video":
            self._video()
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _video(self) -> None:
        """Images one after the other, as long as somebody looks."""
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        self._page.viewers += 1
        number = 0
        try:
            while (found := self._page.next_jpeg(number)) is not None:
                number, jpeg = found
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:  # nobody looks any more
            pass
        finally:
            self._page.viewers -= 1


def _drawn(update: LiveUpdate) -> bytes:
    """The frame with the skeleton, as JPEG."""
    image = PIL.Image.fromarray(update.image)
    points = np.where(update.score[:, None] > 0, update.image_xy * image.size, np.nan)
    draw_skeleton(ImageDraw.Draw(image), points, width=max(image.size) / 200, colours=ON_DARK, edge=EDGE)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()
