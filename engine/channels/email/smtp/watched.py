"""Files that the mail server reads again when they change: its certificate, and who may hand mail over."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from engine.errors import ConfigurationError

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Watched(ABC, Generic[T]):
    """Something read from files, read again once they are other ones. What is wrong then leaves the old in force."""

    def __init__(self, *files: Path) -> None:
        self._files = files
        self._seen: tuple[object, ...] = ()
        self._value: T | None = None

    @abstractmethod
    def read(self) -> T:
        """Read the files; raise ConfigurationError."""

    def current(self) -> T:
        """Return what the files say now. The first time it raises ConfigurationError. Looks at them, which is quick."""
        seen = tuple(_state(file) for file in self._files)
        if self._value is None:
            self._value, self._seen = self.read(), seen
        elif seen != self._seen:
            self._seen = seen
            try:
                self._value = self.read()
            except ConfigurationError as error:
                log.warning("a file of the mail server is wrong; the old one stays in force", reason=str(error))
        return self._value


class Certificate(Watched[ssl.SSLContext]):
    """The certificate chain for STARTTLS with its key."""

    def __init__(self, chain: Path, key: Path | None) -> None:
        super().__init__(chain, key or chain)
        self._chain = chain
        self._key = key

    def read(self) -> ssl.SSLContext:
        """Load chain and key."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._chain, self._key)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or str(error)
            raise ConfigurationError(
                f"cannot use the certificate for mail: {reason}.",
                file=str(self._chain),
                mend="smtp_certificate is a PEM chain, smtp_key its key without a passphrase.",
            ) from error
        return context


class Users(Watched[dict[bytes, bytes]]):
    """Who may hand mail over, by name."""

    def read(self) -> dict[bytes, bytes]:
        """Read ``user:password`` lines; those that begin with # are passed over."""
        (file,) = self._files
        try:
            lines = file.read_bytes().splitlines()
        except OSError as error:
            raise ConfigurationError(f"cannot read the users of mail: {error.strerror}.", file=str(file)) from error
        users: dict[bytes, bytes] = {}
        for number, line in enumerate(lines, start=1):
            name, colon, password = line.strip().partition(b":")
            if not name or name.startswith(b"#"):
                continue
            if not colon or not password:
                raise ConfigurationError(
                    "no password.", file=str(file), line=number, mend="Write user:password, a line for each."
                )
            users[name] = hashlib.sha256(password).digest()
        return users

    def knows(self, name: bytes, password: bytes) -> bool:
        """Say whether a name has this password, in a time that tells neither apart."""
        expected = self.current().get(name, b"\0" * hashlib.sha256().digest_size)
        return hmac.compare_digest(expected, hashlib.sha256(password).digest())


def _state(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
