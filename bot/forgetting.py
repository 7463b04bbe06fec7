"""Deletes what is kept of a person; what they did for their unit stays, under “已删除的用户”."""

from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, delete, select

from bot import binding, people
from bot.messages import Incoming
from bot.models import (
    Account,
    AccountRole,
    AnswerLog,
    BindRequest,
    Expected,
    InboxMessage,
    WebMessage,
)
from reminders.models import OutboxMessage, OutboxState, Reminder, ReportList

DELETED = "已删除的用户"
_ENDED = (OutboxState.SENT, OutboxState.DROPPED, OutboxState.FAILED, OutboxState.UNKNOWN)


def forget(session: Session, account: Account, incoming: Incoming) -> None:
    """Name, account, unit, private chat and messages of a person are gone; `incoming` asked for it.

    Wrong codes are not forgotten, or who guesses could start again; they go by themselves. What
    waits to be sent, such as the answer to this, keeps its address.
    """
    alias = f"deleted-{account.id}"
    _blank_messages(session, account, alias, incoming)
    _blank_history(session, account.full_name, f"deleted:{account.id}")
    expected = delete(Expected).where(
        col(Expected.platform) == account.platform, col(Expected.account_id) == account.account_id
    )
    session.execute(expected)
    waiting = delete(BindRequest).where(
        col(BindRequest.asked_by) == account.id, col(BindRequest.granted).is_(None)
    )
    session.execute(waiting)
    if account.private_chat_id is not None:
        _leave_private_chat(session, account.platform, account.private_chat_id, alias)
    account.account_id, account.name, account.role = alias, DELETED, AccountRole.MEMBER
    account.unit_id = account.private_chat_id = None
    session.add(account)


def _blank_history(session: Session, who: str, alias: str) -> None:
    """Every column that says who did something: `by`, `undone_by` …, and the name beside it."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            is_who = column.name == "by" or column.name.endswith("_by")
            if not is_who or column.foreign_keys:  # those name the account's row, which stays
                continue
            values = {column.name: alias}
            if f"{column.name}_name" in table.columns:
                values[f"{column.name}_name"] = DELETED
            session.execute(update(table).where(column == who).values(values))


def _blank_messages(session: Session, account: Account, alias: str, incoming: Incoming) -> None:
    """What the person wrote, wherever, and what was answered to it."""
    said = session.exec(
        select(InboxMessage).where(
            InboxMessage.platform == account.platform,
            col(InboxMessage.incoming)["account_id"].as_string() == account.account_id,
            col(InboxMessage.handled_at).is_not(None)
            | (col(InboxMessage.message_id) == incoming.message_id),
        )
    ).all()
    for row in said:
        private = row.chat_id == account.private_chat_id
        row.chat_id = alias if private else row.chat_id
        blank = {"account_id": alias, "account_name": "", "text": "", "attachments": []}
        row.incoming = {**row.incoming, **blank, "chat_id": row.chat_id}
        session.add(row)
    ids = {row.id for row in said}
    answers = select(OutboxMessage.id, OutboxMessage.dedup_key).where(
        OutboxMessage.kind == "reply", col(OutboxMessage.state).in_(_ENDED)
    )
    for answer_id, key in session.exec(answers).all():
        cause = key.split(":")[1:2]  # "reply:<inbox id>:<n>"
        if cause and cause[0].isdecimal() and int(cause[0]) in ids:
            answer = session.get_one(OutboxMessage, answer_id)
            answer.facts, answer.text = {}, ""
            if answer.state is not OutboxState.SENT:
                answer.state = OutboxState.DROPPED  # there is nothing left to send again
            session.add(answer)


def _leave_private_chat(session: Session, platform: str, chat_id: str, alias: str) -> None:
    chat = people.find_chat(session, platform, chat_id)
    if chat is not None:
        binding.unbind(session, chat)
        chat.chat_id, chat.title, chat.plan_ids, chat.is_dead = alias, "", [], True
        session.add(chat)
    for table in (Reminder, ReportList, AnswerLog):
        here = (col(table.platform) == platform, col(table.chat_id) == chat_id)
        session.execute(update(table).where(*here).values(chat_id=alias))
    sent = update(OutboxMessage).where(
        col(OutboxMessage.platform) == platform, col(OutboxMessage.chat_id) == chat_id,
        col(OutboxMessage.state).in_(_ENDED),
    )  # fmt: skip
    session.execute(sent.values(chat_id=alias))
    session.execute(delete(WebMessage).where(col(WebMessage.chat_id) == chat_id))
