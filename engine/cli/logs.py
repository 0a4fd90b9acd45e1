"""Set up structured logs: text for a person at a terminal, JSON lines for machines."""

import logging
import sys

import structlog


def set_up_logs(level: str, form: str) -> None:
    """Log from ``level`` on, as ``text`` or ``json``; ``auto`` is text on a terminal. Call once per process."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks without local variables: those hold session tokens, passwords and what people wrote.
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer()
    )
    bare = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    traces: list[structlog.typing.Processor] = [] if as_text else [structlog.processors.ExceptionRenderer(bare)]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *traces, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
