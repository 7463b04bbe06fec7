"""Measures how soon a message is acknowledged and answered, beside an echo bot of nonebot2.

    python benchmarks/platforms.py [--seconds 20] [--rate 50] [--nonebot PYTHON]

First `duban serve` on a fresh home takes messages over two platforms at once, half of them pushed by
Telegram's webhook and half posted by the web chat, from 50 people: the time until each is acknowledged, which
is until it is stored, how many were lost, and what a message costs of the processor. Then `duban serve` and a nonebot2 bot that says back what it
hears poll the same Bot API server on loopback, one message after another: the time until the answer arrives
there, and the memory. nonebot2 needs an environment of its own:

    python -m venv nonebot && nonebot/bin/pip install "nonebot2[httpx]" nonebot-adapter-telegram
"""

import argparse
import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import httpx  # noqa: E402
from botapi import BotApi  # noqa: E402
from botapi_people import User  # noqa: E402
from serving import Serving  # noqa: E402

PEOPLE = [User(n, f"联络员{n}") for n in range(1001, 1051)]
SECRET = "X-Telegram-Bot-Api-Secret-Token"
QUESTION = "乐清12315热线接通率要达到多少？"
ALONE = 200  # messages, one after another
ECHO = """
import nonebot
from nonebot import on_message
from nonebot.adapters.telegram import Adapter, Event
nonebot.init(driver="~httpx", log_level="WARNING",
             telegram_bots=[{{"token": "{token}", "api_server": "{url}/"}}])
nonebot.get_driver().register_adapter(Adapter)
echo = on_message()
@echo.handle()
async def say_back(event: Event) -> None:
    await echo.finish(str(event.get_message()))
nonebot.run()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50, help="messages a second")
    parser.add_argument("--nonebot", type=Path, help="the Python that has nonebot2")
    options = parser.parse_args()
    acknowledge(options.seconds * options.rate, options.rate)
    print("\n| | 回复中位 ms | 95% ms | 最长 ms | 内存 MB |\n|---|---|---|---|---|")
    alone("督办助手：/help", "/help")
    alone("督办助手：提问，查全部方案", QUESTION)
    if options.nonebot:
        alone("nonebot2：原样返回", QUESTION, options.nonebot)


# ---- acknowledged


def acknowledge(count: int, rate: int) -> None:
    """`count` messages over two platforms at `rate` a second."""
    with tempfile.TemporaryDirectory() as folder, BotApi() as api:
        settings = {
            "telegram_token": api.token, "telegram_base_url": api.url,
            "telegram_webhook_url": "https://duban.example.cn", "messages_per_minute": 10**6,
        }  # fmt: skip
        for user in PEOPLE:
            api.open_private(user)
        with Serving(Path(folder) / "home", "--at", "2022-11-01", **settings) as serving:
            wait_for(lambda: api.webhook, "the webhook")
            sleep(5)  # as it is a moment after its start
            begun = processor_s(serving.process.pid)
            times = asyncio.run(_acknowledged(serving.url, api, count, rate))
            sent_at = perf_counter()
            wait_for(lambda: answered(api) == count // 2, "the answers on Telegram")
            home = Path(folder) / "home"
            wait_for(lambda: stored(home) == count, "a message: it is lost")
            waited = perf_counter() - sent_at
            used = (processor_s(serving.process.pid) - begun) / count * 1000
            memory = serving.resident_mb()
    cuts = quantiles(times, n=100)
    print(
        "| 消息 | 每秒 | 中位 ms | 95% ms | 最长 ms | 丢失 | 其后全部答完 s | 处理器 ms/条 | 内存 MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {count} | {rate} | {median(times):.0f} | {cuts[94]:.0f} | {max(times):.0f} "
        f"| 0 | {waited:.1f} | {used:.0f} | {memory:.0f} |",
        flush=True,
    )


def stored(home: Path) -> int:
    """How many messages are in the inbox, handled."""
    with sqlite3.connect(home / "duban.sqlite3") as database:
        query = "SELECT count(*) FROM inboxmessage WHERE handled_at IS NOT NULL"
        return int(database.execute(query).fetchone()[0])


def processor_s(pid: int) -> float:
    """What a process has used of the processor, in seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def answered(api: BotApi) -> int:
    return sum(len(api.sent(user.id)) for user in PEOPLE)


async def _acknowledged(url: str, api: BotApi, count: int, rate: int) -> list[float]:
    """Milliseconds until each was acknowledged; what is refused is sent again, as vendors do it."""
    async with ExitClients(url) as (pushing, browsers):

        async def one(n: int) -> float:
            user = PEOPLE[n // 2 % len(PEOPLE)]
            begun = perf_counter()
            while True:
                if n % 2:
                    post = {"id": f"message-{n:08d}", "text": "/help"}
                    reply = await browsers[n // 2 % len(PEOPLE)].post("/api/messages", json=post)
                else:
                    message = {"message_id": n + 10, "date": 1, "text": "/help"}
                    chat = {"id": user.id, "type": "private", "first_name": user.name}
                    message |= {"from": user.to_json(), "chat": chat}
                    update = {"update_id": 5000 + n, "message": message}
                    secret = {SECRET: api.webhook["secret_token"]}
                    reply = await pushing.post("/hooks/telegram", json=update, headers=secret)
                if reply.status_code in (200, 202):
                    return (perf_counter() - begun) * 1000
                await asyncio.sleep(1)  # as the page and Telegram do it

        tasks, start = [], monotonic()
        for n in range(count):
            await asyncio.sleep(max(0.0, start + n / rate - monotonic()))
            tasks.append(asyncio.create_task(one(n)))
        return await asyncio.gather(*tasks)


class ExitClients:
    """Telegram's connections to us, and a browser for each person."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> tuple[httpx.AsyncClient, list[httpx.AsyncClient]]:
        make: dict[str, Any] = {"base_url": self._url, "trust_env": False, "timeout": 60}
        self._pushing = httpx.AsyncClient(**make)
        self._browsers = [httpx.AsyncClient(**make, headers={"Origin": self._url}) for _ in PEOPLE]
        for browser in self._browsers:
            await browser.get("/api/messages")
        return self._pushing, self._browsers

    async def __aexit__(self, *_: object) -> None:
        for client in (self._pushing, *self._browsers):
            await client.aclose()


# ---- answered


def alone(name: str, text: str, nonebot: Path | None = None) -> None:
    """One message after another by polling; a row of the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        api = stack.enter_context(BotApi())
        for user in PEOPLE:
            api.open_private(user)
        if nonebot is None:
            settings = {
                "telegram_token": api.token, "telegram_base_url": api.url,
                "messages_per_minute": 10**6,
            }  # fmt: skip
            at = ("--at", "2022-11-01")
            process = stack.enter_context(Serving(folder / "home", *at, **settings)).process
        else:
            (folder / "echo.py").write_text(ECHO.format(token=api.token, url=api.url))
            process = subprocess.Popen([nonebot, "echo.py"], cwd=folder, text=True)
            stack.callback(process.kill)
        for user in PEOPLE[:5]:  # until it is warm
            ask(api, user, text)
        times = [ask(api, PEOPLE[n % len(PEOPLE)], text) for n in range(ALONE)]
        words = Path(f"/proc/{process.pid}/status").read_text().split()
        memory = int(words[words.index("VmRSS:") + 1]) / 1024
    cuts = quantiles(times, n=100)
    print(
        f"| {name} | {median(times):.0f} | {cuts[94]:.0f} | {max(times):.0f} | {memory:.0f} |",
        flush=True,
    )


def ask(api: BotApi, user: User, text: str) -> float:
    """Milliseconds from what a person writes to what the bot has written back."""
    before, begun = len(api.sent(user.id)), perf_counter()
    api.say(user.id, user, text)
    wait_for(lambda: len(api.sent(user.id)) > before, "an answer")
    return (perf_counter() - begun) * 1000


def wait_for(claim: Callable[[], Any], what: str) -> None:
    until = monotonic() + 120
    while not claim():
        if monotonic() > until:
            sys.exit(f"{what} never came")
        sleep(0.001)


if __name__ == "__main__":
    main()
