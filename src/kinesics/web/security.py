"""Who may talk to the workbench: those who hold its token, from its own page, under its own name."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

COOKIE = "kinesics"
_PAUSE = 1.0  # seconds between two attempts at a password
OPEN_PATHS = ("/login", "/assets/base.css", "/assets/workbench.css")  # for the page that asks for the password
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass
class Gate:
    """What a request needs to be let in.

    Attributes
    ----------
    port : that is listened on.
    password : that a person gives; "" where the token in the address is enough.
    token : what a browser shows from then on, in a cookie.
    """

    port: int
    password: str = field(default="", repr=False)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def cookie(self) -> str:
        """Its name: cookies know no ports, and two workbenches may run."""
        return f"{COOKIE}_{self.port}"

    def refusal(self, method: str, path: str, headers: Mapping[str, str], shown: Iterable[str]) -> str:
        """Say why a request is not let in.

        Parameters
        ----------
        method, path, headers : of the request.
        shown : the tokens that it shows.

        Returns
        -------
        The key of a text in the catalogue, "" for one that is let in.
        """
        host = headers.get("host", "")
        if not self._is_own_name(host):
            return "refused.host"
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return "refused.origin"
        is_visit = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_visit:
            return "refused.origin"  # another port of this machine is another site as well
        if path in OPEN_PATHS or any(map(self.knows, shown)):
            return ""
        return "refused.password" if self.password else "refused.token"

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def admits(self, password: str, pause: Callable[[float], None] = time.sleep) -> bool:
        """Whether this is the password; one attempt a second, whoever makes it.

        Parameters
        ----------
        password : as given.
        pause : how to wait.

        Returns
        -------
        Whether it is.
        """
        with self._lock:
            correct = bool(self.password) and hmac.compare_digest(_digest(password), _digest(self.password))
            if not correct:
                pause(_PAUSE)
            return correct

    def _is_own_name(self, host: str) -> bool:
        """An address of numbers, this machine's name, or localhost: a name of others' may lead here to read along."""
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if name in ("localhost", "127.0.0.1", "[::1]"):
            return True
        if not self.password:
            return False
        if name.lower() in (socket.gethostname().lower(), socket.getfqdn().lower()):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "replace")).digest()
