"""One file per chat platform; each knows its vendor and nothing else does."""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Engine

from bot.messages import Platform
from config.settings import Settings


def find_platforms(settings: Settings, store: Engine) -> dict[str, Platform]:
    """The platforms that are set up, by name.

    Each file here has `from_settings(settings, store) -> Platform | None`, which imports its
    vendor's library only when its settings are there. A name that begins with _ is a helper.
    """
    found: dict[str, Platform] = {}
    for file in iter_modules(__path__):
        if file.name.startswith("_"):
            continue
        platform = import_module(f"{__name__}.{file.name}").from_settings(settings, store)
        if platform is not None:
            found[platform.name] = platform
    return found
