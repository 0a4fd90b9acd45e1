"""What the demo prints: how to write a mail to it."""

import dataclasses
import shlex
from pathlib import Path

from engine.cli.running import with_demo
from engine.cli.welcome import mail_lines
from engine.config.compile import load
from engine.config.samples import demo_directory
from engine.settings import Settings


def test_the_line_it_prints_is_a_program_that_sends_a_mail() -> None:
    organisation = load(demo_directory())
    where, line, _ = mail_lines(organisation, [2525], Path("var/sent-mail"))
    assert "support@kettle.example" in where
    assert "var/sent-mail" in where
    program = shlex.split(line)[shlex.split(line).index("-c") + 1]
    compile(program, "the line", "exec")
    assert '("127.0.0.1", 2525)' in program
    assert "support@kettle.example" in program


def test_where_no_mail_is_taken_there_is_no_line() -> None:
    organisation = load(demo_directory())
    assert mail_lines(organisation, [], Path("sent")) == ()
    without = {key: one for key, one in organisation.channels.items() if not one.email}
    assert mail_lines(dataclasses.replace(organisation, channels=without), [2525], Path("sent")) == ()


def test_the_demo_takes_mail_on_this_machine_only_unless_told_where() -> None:
    assert with_demo(Settings(demo=True)).smtp_listen == "127.0.0.1:0"
    assert with_demo(Settings(demo=True, smtp_listen="0.0.0.0:25")).smtp_listen == "0.0.0.0:25"
    assert with_demo(Settings(demo=True, lmtp_listen="/run/lmtp")).smtp_listen == ""
    assert with_demo(Settings()).smtp_listen == ""
