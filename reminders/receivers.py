"""Whom a reminder reaches: the chats of a unit, of its head, of the supervising office and its leader."""

from collections.abc import Callable, Collection, Iterable
from typing import Self

from sqlmodel import Session, select

from corpus import ledger
from corpus.models import PlanVersion, VersionState
from reminders.asking import Ask
from reminders.choices import Choices

Chat = tuple[str, str]  # platform, chat id
# unit ids, "unit" or "head" or "leader" → the live chats of each unit that are for that purpose
ChatsOf = Callable[[Collection[int], str], dict[int, list[Chat]]]

PURPOSES = {"unit": "unit", "head": "head", "office": "unit", "leader": "leader"}
OF_THE_OFFICE = ("office", "leader")


class ScopedChat(tuple[str, str]):
    """A chat that hears of some plans alone; without any it hears of all, as a plain one does."""

    plan_ids: frozenset[str]

    def __new__(cls, place: Chat, plan_ids: Iterable[str]) -> Self:
        chat = super().__new__(cls, place)
        chat.plan_ids = frozenset(plan_ids)
        return chat


def hears(chat: Chat, plan_id: str) -> bool:
    """Whether a chat may be told of a plan."""
    return not isinstance(chat, ScopedChat) or not chat.plan_ids or plan_id in chat.plan_ids


class Receivers:
    """The chats for some asks, looked up together."""

    def __init__(self, session: Session, chats_of: ChatsOf) -> None:
        self._session, self._chats_of = session, chats_of
        self._chats: dict[tuple[int, str], list[Chat]] = {}
        self._offices: dict[tuple[str, str | None, str | None], int | None] = {}

    def learn(self, asks: Iterable[Ask], receivers: Collection[str]) -> None:
        """Look up the chats that `receivers` of all the asks have, in one question for each purpose."""
        asks = list(asks)
        for purpose in dict.fromkeys(PURPOSES[name] for name in receivers):
            wanted = [
                self.unit_of(ask, name)
                for ask in asks
                for name in receivers
                if PURPOSES[name] == purpose
            ]
            self._look_up({unit_id for unit_id in wanted if unit_id is not None}, purpose)

    def chats(self, ask: Ask, receiver: str) -> list[Chat]:
        """Where "unit", "head", "office" or "leader" of an ask is reached; empty when nowhere."""
        unit_id = self.unit_of(ask, receiver)
        if unit_id is None:
            return []
        purpose = PURPOSES[receiver]
        if (unit_id, purpose) not in self._chats:
            self._look_up({unit_id}, purpose)
        plan_id = ask.thing.version.plan_id
        return [chat for chat in self._chats[unit_id, purpose] if hears(chat, plan_id)]

    def unit_of(self, ask: Ask, receiver: str) -> int | None:
        """The unit that is told; None where the plan has no supervising office that is known."""
        if receiver in OF_THE_OFFICE:
            return self.office(ask.thing.version, ask.choices)
        return ask.debtor.unit_id

    def office(self, version: PlanVersion, choices: Choices) -> int | None:
        """The supervising office: the one chosen, else where the plan's leading group has its office."""
        name = choices.office or version.leading_group
        key = (choices.office, version.leading_group, version.jurisdiction)
        if key not in self._offices:
            found = ledger.find_units(self._session, name, version.jurisdiction) if name else []
            if name and not found:
                found = ledger.find_units(self._session, name)
            # of two offices in two towns neither is guessed
            self._offices[key] = found[0].id if len(found) == 1 else None
        return self._offices[key]

    def _look_up(self, unit_ids: set[int], purpose: str) -> None:
        found = self._chats_of(unit_ids, purpose) if unit_ids else {}
        self._chats.update({(unit_id, purpose): found.get(unit_id, []) for unit_id in unit_ids})


def offices(session: Session, choices: Collection[Choices]) -> set[int]:
    """Every unit that may be the supervising office of a plan in force."""
    named = select(PlanVersion.leading_group).where(PlanVersion.state == VersionState.IN_FORCE)
    names = {one.office for one in choices} | set(session.exec(named.distinct()))
    return {
        unit.id
        for name in names
        if name
        for unit in ledger.find_units(session, name)
        if unit.id is not None
    }
