"""What platforms that can only speak have in common: nobody writes to them, and nothing asks for it."""

from collections.abc import AsyncIterator

from bot.messages import Attachment, Incoming
from config.errors import UserError

# buttons are left out where nobody can press them; this stands in their place
ANSWER_ELSEWHERE = "（这里不收回复。收到、办结、报送等，请在本单位绑定的群或私聊里答复。）"


class Outbound:
    """A platform without a way back."""

    async def receive(self) -> AsyncIterator[Incoming]:
        """Nothing comes, and that is the end of it."""
        return
        yield

    async def download(self, attachment: Attachment) -> bytes:
        """No file came from here."""
        raise UserError("这里收不到文件。")
