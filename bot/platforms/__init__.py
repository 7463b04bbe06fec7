"""One file per chat platform; each knows its vendor and nothing else does."""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Engine

from bot.messages import Platform
from config.settings import Settings


def load_platforms(settings: Settings, store: Engine) -> dict[str, Platform]:
    """The platforms that are set up, by name.

    A platform's file has `from_settings(settings, store) -> Platform | None`, or a list where there
    may be several, which imports its vendor's library only when its settings are there. The
    terminal, which runs in a process of its own, and helpers have none.
    """
    found: dict[str, Platform] = {}
    for file in iter_modules(__path__):
        module = import_module(f"{__name__}.{file.name}")
        if not hasattr(module, "from_settings"):
            continue
        made = module.from_settings(settings, store)
        for platform in made if isinstance(made, list) else [made] if made else []:
            found[platform.name] = platform
    return found
