"""What ``cordboard serve --demo`` prints once it is ready: where everything is, and who can sign in."""

import json
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.model.organisation import Organisation

SIMULATED = "sim"
"""Log-ins that begin so belong to the traffic simulation."""
_LETTER = "From: Vera <vera@example.org>\nMessage-ID: <{time.time()}@example.org>\nSubject: My kettle\n\nIt drips."
"""What is sent to try; another mail each time."""


def address_of(listener: socket.socket) -> str:
    """Return where the pages are."""
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def print_welcome(
    base: str, organisation: Organisation, passwords: Mapping[str, str], *, mail: Sequence[str] = ()
) -> None:
    """Print the pages beneath ``base``, the log-ins, and how to send a mail."""
    lines = [f"\nCordboard is ready. Organisation: {organisation.name}\n"]
    pages = (("customer's page", "demo"), ("agent console", "console"), ("wallboard", "wallboard"))
    lines += [f"  {name:<16}{base}/{path}" for name, path in pages]
    lines += ["", *_login_lines(organisation, passwords), "", *mail, "Ctrl-C stops it.", ""]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()


def mail_lines(organisation: Organisation, ports: Sequence[int], sent: Path) -> Sequence[str]:
    """Return how to write a mail to the organisation; nothing where it takes none on this machine.

    ``ports`` take it, the first one is used; ``sent`` is where answers are written.
    """
    addresses = [one.email.address for one in organisation.channels.values() if one.email]
    if not addresses or not ports:
        return ()
    words = ", ".join(json.dumps(one) for one in ("vera@example.org", addresses[0]))
    letter = json.dumps(_LETTER)
    program = f'import smtplib, time; smtplib.SMTP("127.0.0.1", {ports[0]}).sendmail({words}, f{letter})'
    return (
        f"  {'mail':<16}to {addresses[0]}, taken at 127.0.0.1 port {ports[0]}; answers lie in {sent}",
        f"  {'write one':<16}python3 -c {shlex.quote(program)}",
        "",
    )


def _login_lines(organisation: Organisation, passwords: Mapping[str, str]) -> Sequence[str]:
    shown = [(login, secret) for login, secret in passwords.items() if not login.startswith(SIMULATED)]
    wide = max((len(secret) for _, secret in shown), default=0)
    first = "log-ins"
    lines = []
    for login, secret in shown:
        setup = organisation.agents[login]
        lines.append(f"  {first:<16}{login:<8}{secret:<{wide + 2}}{setup.role.value:<12}{', '.join(setup.skills)}")
        first = ""
    return lines
