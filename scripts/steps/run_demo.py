"""Start the demo from a fresh checkout: set up what is missing, then hand over to `cordboard serve --demo`."""

import argparse
import os
import sys
from pathlib import Path

from scripts.steps import environment, pages, preflight
from scripts.steps.progress import main

EPILOG = """\
The first run makes .venv, installs the locked Python packages and builds the web pages (about two minutes);
later runs start at once. Every other option is handed on to `cordboard serve`: see `.venv/bin/cordboard serve --help`.
"""


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; return our own options and the rest, which is for `cordboard serve`."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Start Cordboard with a demo organisation.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", metavar="DIR", type=Path, default=environment.ROOT / "var", help="default: ./var")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8400, help="port to listen on (default: %(default)s)")
    parser.add_argument("--traffic", action="store_true", help="simulate customers and agents")
    parser.add_argument("--demo-cases", type=int, default=50, help="cases of the past, at first (default: %(default)s)")
    return parser.parse_known_args(arguments)


def command(options: argparse.Namespace, rest: list[str]) -> list[str]:
    """Return the command that serves the demo."""
    program = environment.PYTHON.with_name("cordboard")
    place = ["--data", str(options.data.absolute()), "--host", options.host, "--port", str(options.port)]
    place += ["--demo-cases", str(options.demo_cases)]
    return [str(program), "serve", "--demo", *place, *(["--traffic"] if options.traffic else []), *rest]


def run(arguments: list[str]) -> int:
    """Set up and start; return only when something is wrong."""
    options, rest = parse(arguments)
    preflight.require_data(options.data)
    preflight.require_port(options.host, options.port)
    with environment.exclusively():
        environment.ensure("run")
        pages.ensure()
    words = command(options, rest)
    sys.stdout.flush()
    os.execv(words[0], words)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(run)
