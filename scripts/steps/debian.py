"""Install the Debian packages that tests need, where that is possible; else name what is missing."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts.steps.progress import Problem, step


def _has_chromium() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"))


def _has_postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb") is not None


def _has_dovecot() -> bool:
    return shutil.which("dovecot") is not None or Path("/usr/sbin/dovecot").exists()


def _has_mosquitto() -> bool:
    return shutil.which("mosquitto") is not None or Path("/usr/sbin/mosquitto").exists()


def _has_swaks() -> bool:
    return shutil.which("swaks") is not None


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, check=False).stdout.strip())


NEEDED: dict[str, Callable[[], bool]] = {
    "chromium": _has_chromium,
    "postgresql": _has_postgresql,
    "fonts-noto-cjk": _has_chinese_font,
    "dovecot-imapd": _has_dovecot,
    "mosquitto": _has_mosquitto,
    "swaks": _has_swaks,
}


def ensure() -> None:
    """Install what is missing.

    Raises:
        Problem: packages are missing and cannot be installed here.
    """
    missing = [package for package, present in NEEDED.items() if not present()]
    if not missing:
        return
    names = " ".join(missing)
    prefix = _privilege()
    if prefix is None or shutil.which("apt-get") is None:
        raise Problem(f"Tests need these Debian packages: {names}.", f"As root: apt-get install {names}")
    with step(f"Installing Debian packages ({names})"):
        _apt(prefix, "update")
        _apt(prefix, "install", "--yes", "--no-install-recommends", "fontconfig", *missing)
    left = [package for package in missing if not NEEDED[package]()]
    if left:
        raise Problem(f"Still missing after their installation: {' '.join(left)}.", "Install them by hand.")


def _privilege() -> list[str] | None:
    """Return what to put before a command that root must run; None: we cannot become root."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def _apt(prefix: list[str], *arguments: str) -> None:
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        end = "\n".join(done.stdout.strip().splitlines()[-10:])
        raise Problem(f"`apt-get {' '.join(arguments)}` failed:\n{end}\n", "Mend that, or install them by hand.")
