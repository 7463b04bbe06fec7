"""Where log lines go: stderr, one event a line, ids only; the full story of a fault goes to a file."""

import logging
import sys
import traceback
from pathlib import Path

import structlog

from config.clock import Clock


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Send our events and those of libraries to stderr from `level` on."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s"
    )
    # its lines hold the bot's token in the URL
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def write_fault(home: Path, error: BaseException) -> str:
    """Keep the traceback of a fault that is ours in `home`/logs; the one line that a person reads."""
    place = home.absolute() / "logs" / "faults.log"
    story = "".join(traceback.format_exception(error))
    try:
        place.parent.mkdir(exist_ok=True)
        with place.open("a", encoding="utf-8") as file:
            file.write(f"{Clock().wall().isoformat(timespec='seconds')}\n{story}\n")
    except OSError as unwritable:
        return f"出错了：{type(error).__name__}（日志 {place} 写不了：{unwritable.strerror}）"
    return f"出错了：{type(error).__name__}（详情见日志 {place}）"
