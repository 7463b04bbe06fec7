"""What people call a row of a plan, 第8项 or 第3项（指标）, a platform, 企业微信, and a chat on the web page."""

from corpus.models import Task

PARTS = {
    "main": "任务", "continuation": "续行", "duty": "单位职责", "stage": "进度阶段",
    "indicator": "指标", "box": "专栏条目", "annex": "附件项目", "report": "报送",
}  # fmt: skip
PLATFORMS = {
    "console": "终端", "dingtalk": "钉钉", "feishu": "飞书", "mail": "邮件", "notify": "通知", "telegram": "Telegram",
    "web": "网页对话", "wecom": "企业微信", "wecom_bot": "企业微信智能机器人",
}  # fmt: skip


def platform_name(name: str) -> str:
    """A platform as people call it; its own name where we know no other."""
    return PLATFORMS.get(name, name)


def web_chat_name(chat_id: str) -> str:
    """A chat on the web page, whose id is a long code that nobody reads: 网页对话 5f3a2b."""
    return f"{PLATFORMS['web']} {chat_id[:6]}"


def row_name(task: Task) -> str:
    """第8项, or "" where nothing is numbered; what is no plain task says what it is."""
    name = f"第{task.no}项" if task.no else ""
    return name + (f"（{PARTS[task.part]}）" if task.part not in ("main", "continuation") else "")
