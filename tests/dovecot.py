"""A real IMAP server for tests: Dovecot, run as a user who is not root, on a free port, with a directory of its own."""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from _pytest.outcomes import Skipped

from engine.bench.ports import free_port
from tests.servers import Missing

PASSWORD = "mailbox-password"
START_S = 30.0

CONFIGURATION = """
base_dir = {directory}/run
state_dir = {directory}/run
log_path = {directory}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{directory}/mail/%u
mail_fsync = never
{capability}
mail_max_userip_connections = 50
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0 secs
disable_plaintext_auth = no
ssl = yes
{certificate}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
{oauth}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u
}}
"""
OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {directory}/oauth2.conf
}}
"""
INTROSPECTION = """
introspection_url = {url}
introspection_mode = auth
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot:
    """Run a Dovecot whose users all have the same password; their mailboxes come into being with them."""

    def __init__(self, *, introspection_url: str = "", capability: str = "") -> None:
        """``capability``: what it says that it can do, in place of what it can."""
        self._program = _program()
        self._user = _user()
        self.directory = Path(tempfile.mkdtemp(prefix="cb-dovecot-"))
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = self.directory / "certificate.pem"
        self._process: subprocess.Popen[bytes] | None = None
        (self.directory / "mail").mkdir()
        make_certificate(self.directory)
        self._write(introspection_url, capability)
        if self._user is not None:
            for path in (self.directory, *self.directory.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.directory / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._program, "-F", "-c", str(self.directory / "dovecot.conf")],
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            try:
                imaplib.IMAP4("127.0.0.1", self.port, timeout=START_S).logout()
            except (OSError, imaplib.IMAP4.abort):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self._said()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it, with every connection. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # some serve their connection to its end

    def remove(self) -> None:
        """Stop it and remove its directory."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextlib.contextmanager
    def client(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Yield another client of a user's mailbox, with a folder chosen."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=START_S)
        try:
            client.login(user, PASSWORD)
            client.select(folder)
            yield client
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def deliver(self, user: str, *mails: bytes, folder: str = "INBOX", at_s: float = 0) -> None:
        """Put mails into a folder, which is made where it is missing."""
        with self.client(user) as client:
            if folder != "INBOX":
                client.create(folder)
            for mail in mails:
                answer, said = client.append(folder, "", imaplib.Time2Internaldate(at_s or time.time()), mail)
                assert answer == "OK", said

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """Return the flags of each mail in a folder."""
        with self.client(user, folder) as client:
            _, lines = client.fetch("1:*", "(FLAGS)") if client.search(None, "ALL")[1][0] else ("OK", [])
            return [line.decode() for line in lines if isinstance(line, bytes)]

    def _said(self) -> str:
        texts = [path.read_text(errors="replace") for path in (self.directory / "out", self.directory / "log")
                 if path.exists()]  # fmt: skip
        return "\n".join(texts)

    def _write(self, introspection_url: str, capability: str) -> None:
        names = {
            "directory": self.directory,
            "user": self._user.pw_name if self._user else pwd.getpwuid(os.getuid()).pw_name,
            "group": grp.getgrgid(self._user.pw_gid if self._user else os.getgid()).gr_name,
            "uid": self._user.pw_uid if self._user else os.getuid(),
            "gid": self._user.pw_gid if self._user else os.getgid(),
            "port": self.port,
            "tls_port": self.tls_port,
            "password": PASSWORD,
            "certificate": f"ssl_cert = <{self.certificate}\nssl_key = <{self.directory}/key.pem",
            "capability": f"imap_capability = {capability}" if capability else "",
            "oauth": OAUTH.format(directory=self.directory) if introspection_url else "",
        }
        (self.directory / "dovecot.conf").write_text(CONFIGURATION.format(**names))
        (self.directory / "oauth2.conf").write_text(INTROSPECTION.format(url=introspection_url))


@contextlib.contextmanager
def running_dovecot(*, introspection_url: str = "", capability: str = "") -> Iterator[Dovecot]:
    """Run a Dovecot; yield it. Skips the test where none is installed."""
    try:
        server = Dovecot(introspection_url=introspection_url, capability=capability)
    except Missing as error:
        raise Skipped(str(error)) from error
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _program() -> str:
    found = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if found is None:
        raise Missing("no Dovecot; Debian: apt-get install dovecot-imapd")
    return found


def _user() -> pwd.struct_passwd | None:
    """Return whom to run it as, where we are root; None: as ourselves."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def make_certificate(directory: Path) -> None:
    """Make a certificate for localhost that signs itself."""
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(directory / "key.pem"), "-out", str(directory / "certificate.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


assert sys.platform != "win32"
