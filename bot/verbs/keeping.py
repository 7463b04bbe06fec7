"""Keeping everything in one file, and putting it back."""

from collections.abc import Iterator
from pathlib import Path

from bot import archive
from bot.core import Core
from config.errors import UserError


def backup(core: Core, *, path: str) -> Iterator[str]:
    """Everything in SQL, as one file."""
    count = archive.write(core.engine, Path(path))
    size_mb = Path(path).stat().st_size / 1e6
    yield f"已备份到 {path}（{count}行，{size_mb:.1f} MB）。里面有聊天账号和原文件，请妥善保管。"


def restore(path: Path) -> Iterator[str]:
    """An archive into an empty database, while nobody serves; the indexes are made again."""
    from bot.handoff import hold, serving
    from config.database import make_engine, migrate
    from config.settings import load_settings
    from rag import lexical

    settings = load_settings()
    home = settings.make_home()
    if serving(home):
        raise UserError("duban serve 正在运行，没有恢复。请先停止它。")
    lock = hold(home)
    engine = make_engine(settings.effective_database_url)
    try:
        migrate(engine)
        count = archive.read(engine, path)
        lexical.rebuild(engine)
    finally:
        engine.dispose()
        lock.release()
    yield f"已恢复{count}行。启动 duban serve 即可接着用；备份之后送出的消息可能会再送一次。"
