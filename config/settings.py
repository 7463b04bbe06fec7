"""Every setting: its name, default and one line of help. Unknown names fail, secrets print as stars."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from dotenv import dotenv_values
from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import UserError
from config.lists import read_days, read_hours, read_steps

PREFIX = "DUBAN_"

_KINDS = {
    "int": "应为整数", "float": "应为数字", "bool": "应为 true 或 false",
    "greater_than_equal": "应不小于 {ge}", "greater_than": "应大于 {gt}",
    "less_than_equal": "应不大于 {le}", "less_than": "应小于 {lt}",
}  # fmt: skip


class Settings(BaseSettings):
    """Read from the environment and from `.env` beside the place where the command is given."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore",
        env_ignore_empty=True,
    )  # fmt: skip

    home: Path = Field(Path("data"), description="存放数据库、索引、上传文件和日志的文件夹")
    database_url: str = Field(
        "", description="SQLite 或 PostgreSQL 的 SQLAlchemy 网址；空则为 DUBAN_HOME 中的 SQLite"
    )
    chroma_url: str = Field(
        "", description="Chroma 服务器 http://host:port；空则为 DUBAN_HOME 中的文件夹"
    )
    web_host: str = Field("127.0.0.1", description="网页对话监听的地址；未启用登录前只能是本机地址")
    web_port: int = Field(8080, ge=0, le=65535, description="网页对话监听的端口；0 为任意空闲端口")
    telegram_token: SecretStr = Field(
        SecretStr(""),
        description="Telegram 机器人的 token，向 @BotFather 发 /newbot 取得；几个机器人用逗号分隔",
    )
    telegram_base_url: str = Field(
        "https://api.telegram.org", description="Bot API 服务器；自建的本地服务器填其网址"
    )
    wecom_corp_id: str = Field(
        "", description="企业微信的企业 ID，在管理后台“我的企业”→“企业信息”最下方"
    )
    wecom_agent_id: str = Field("", description="企业微信自建应用的 AgentId，在应用详情页")
    wecom_secret: SecretStr = Field(
        SecretStr(""), description="企业微信自建应用的 Secret，在应用详情页 AgentId 下方查看"
    )
    wecom_token: SecretStr = Field(
        SecretStr(""), description="应用“接收消息”→“设置API接收”页上的 Token"
    )
    wecom_aes_key: SecretStr = Field(
        SecretStr(""), description="应用“接收消息”→“设置API接收”页上的 EncodingAESKey"
    )
    wecom_base_url: str = Field(
        "https://qyapi.weixin.qq.com", description="企业微信接口服务器；私有部署的填其网址"
    )
    wecom_webhooks: SecretStr = Field(
        SecretStr(""),
        description="企业微信群机器人：单位名称=机器人的 Webhook 地址，几个之间用分号隔开",
    )
    wecom_bot_id: str = Field(
        "",
        description="企业微信智能机器人的 BotID，在它的配置页选“API模式”→“使用长连接”后显示；可加进群，能听能答",
    )
    wecom_bot_secret: SecretStr = Field(
        SecretStr(""), description="智能机器人的长连接专用 Secret，与 BotID 同页"
    )
    wecom_bot_url: str = Field(
        "wss://openws.work.weixin.qq.com",
        description="智能机器人的长连接地址；私有部署的在管理端查看",
    )
    dingtalk_client_id: str = Field(
        "", description="钉钉应用的 Client ID（AppKey），在钉钉开放平台该应用的“凭证与基础信息”页"
    )
    dingtalk_client_secret: SecretStr = Field(
        SecretStr(""), description="钉钉应用的 Client Secret（AppSecret），与 Client ID 同页"
    )
    dingtalk_robot_code: str = Field(
        "", description="钉钉机器人的 RobotCode，在该应用的“机器人”页；空则与 Client ID 相同"
    )
    dingtalk_card_template: str = Field(
        "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema",
        description="钉钉互动卡片的模板 ID，在开放平台“卡片平台”页；写“无”则不用卡片，按钮改为回复数字",
    )
    dingtalk_base_url: str = Field(
        "", description="钉钉新版服务端接口；空则为 https://api.dingtalk.com，专属部署填其网址"
    )
    dingtalk_oapi_url: str = Field(
        "", description="钉钉旧版服务端接口（上传文件用）；空则为 https://oapi.dingtalk.com"
    )
    dingtalk_webhooks: SecretStr = Field(
        SecretStr(""),
        description="只发不收的钉钉群机器人：单位名称=网址，有加签密钥的后面加竖线和密钥，几个之间用分号；在群设置的“机器人”页",
    )
    feishu_app_id: str = Field(
        "", description="飞书应用的 App ID，在飞书开放平台该应用的“凭证与基础信息”页"
    )
    feishu_app_secret: SecretStr = Field(
        SecretStr(""), description="飞书应用的 App Secret，与 App ID 同页"
    )
    feishu_mode: str = Field(
        "stream",
        description="飞书怎样送来消息：stream 长连接，不需要公网；callback 由飞书访问公网网址，不需要另装组件",
    )
    feishu_encrypt_key: SecretStr = Field(
        SecretStr(""), description="callback 时的 Encrypt Key，在应用“事件与回调”→“加密策略”页"
    )
    feishu_verification_token: SecretStr = Field(
        SecretStr(""), description="callback 时的 Verification Token，与 Encrypt Key 同页"
    )
    feishu_base_url: str = Field(
        "https://open.feishu.cn",
        description="飞书开放平台；Lark 填 https://open.larksuite.com，私有部署填其网址",
    )
    feishu_webhooks: SecretStr = Field(
        SecretStr(""),
        description="只发不收的飞书群机器人：单位名称=网址，有签名校验的后面加竖线和密钥，几个之间用分号；在群设置的“群机器人”页",
    )
    telegram_webhook_url: str = Field(
        "",
        description="让 Telegram 推送到这个公网 https 网址（反向代理转到本机）；空则用长轮询，不需要公网",
    )
    mail_host: str = Field(
        "", description="发邮件的 SMTP 服务器，在邮箱的“客户端设置”页，如 smtp.example.gov.cn"
    )
    mail_port: int = Field(465, ge=1, le=65535, description="SMTP 服务器的端口，与上一项同页")
    mail_security: str = Field(
        "ssl",
        description="与 SMTP 服务器怎样加密：ssl（465端口）、starttls（587端口）或 none（仅限内网）",
    )
    mail_user: str = Field("", description="SMTP 登录的用户名，多为完整的邮箱地址；空则不登录")
    mail_password: SecretStr = Field(
        SecretStr(""),
        description="SMTP 登录的密码或授权码，在邮箱设置的“账户安全”或“客户端授权码”页取得",
    )
    mail_from: str = Field("", description="发件人的邮箱地址；空则与用户名相同")
    notify: bool = Field(
        False,
        description="用 apprise 向 ntfy、Bark、短信网关等发通知，地址由管理员逐个添加；需另装 apprise",
    )
    messages_per_minute: int = Field(
        20, ge=1, description="一个人一分钟最多回答几条消息；一个会话里所有人合计为其三倍"
    )
    llm_base_url: str = Field(
        "", description="OpenAI 兼容的语言模型服务器，如 https://api.deepseek.com/v1；空则不用模型"
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""), description="语言模型服务器的密钥，在其控制台取得"
    )
    llm_model: str = Field("", description="语言模型的名称")
    llm_timeout_s: float = Field(
        8.0, gt=0, description="等待模型的最长秒数，超过即发出不用模型的答案"
    )
    embedding_base_url: str = Field(
        "", description="OpenAI 兼容的向量服务器；空则用随安装附带的模型"
    )
    embedding_api_key: SecretStr = Field(SecretStr(""), description="向量服务器的密钥")
    embedding_model: str = Field(
        "", description="向量服务器上的模型名称；没有服务器时可填 hashed-ngrams-1，用最小的本地算法"
    )
    timezone: str = Field("Asia/Shanghai", description="本地日期所在的时区")
    reminder_hour: int = Field(9, ge=0, le=23, description="提醒在几点发出（本地时间）")
    reminder_quiet_hours: str = Field(
        "20-8", description="这段时间内不发提醒，过后再发；不限时间写“无”"
    )
    reminder_workdays_only: bool = Field(True, description="提醒只在工作日发；false 为每天都可以发")
    reminder_cap_per_day: int = Field(
        3, ge=1, description="一个会话一天最多收几条提醒（一条可含多项）；多出的并到下一个工作日"
    )
    remind_lead_workdays: str = Field(
        "30,7,3,1", description="截止前第几个工作日提醒牵头、负责和共同责任单位，逗号分隔"
    )
    remind_support_workdays: str = Field(
        "7,1", description="截止前第几个工作日提醒配合单位，逗号分隔"
    )
    remind_on_due_day: bool = Field(True, description="到期当天再提醒一次")
    overdue_times: int = Field(
        4, ge=0, le=52, description="逾期后提醒几次：第一个工作日一次，以后每周一次；0 为不提醒"
    )
    report_opens: bool = Field(True, description="报送窗口开始的第一个工作日提醒一次")
    report_workdays: str = Field("3,1", description="报送截止前第几个工作日提醒，逗号分隔")
    report_missing_times: int = Field(
        3, ge=0, le=20, description="逾期未报送提醒几次：从次一个工作日起每个工作日一次；0 为不提醒"
    )
    escalation: str = Field(
        "3:unit,5:head,7:office,10:leader",
        description="逾期后第几个工作日仍无答复时告诉谁：unit 责任单位、head 其负责人、office 督办单位、leader 分管领导",
    )
    office: str = Field(
        "", description="督办单位的名称，如 市食安办；空则从方案写明的领导小组办公室认定"
    )
    completion: str = Field(
        "unit", description="办结由谁认定：unit 由责任单位自行认定，office 由督办单位确认"
    )
    weekly_digest: bool = Field(
        True, description="每周第一个工作日给责任单位一条汇总：已逾期、将到期、待报送、上周办结"
    )
    monthly_digest: bool = Field(
        True, description="每月第一个工作日给责任单位一条汇总；当天的每周汇总就不再发"
    )
    circular: bool = Field(
        True, description="每月第一个工作日给督办单位一份上月通报（红黄绿灯，附图片和xlsx）"
    )

    @field_validator("remind_lead_workdays", "remind_support_workdays", "report_workdays")
    @classmethod
    def _days(cls, value: str) -> str:
        read_days(value)
        return value

    @field_validator("escalation")
    @classmethod
    def _steps(cls, value: str) -> str:
        read_steps(value)
        return value

    @field_validator("reminder_quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        read_hours(value)
        return value

    @field_validator("feishu_mode")
    @classmethod
    def _how_feishu_comes(cls, value: str) -> str:
        if value not in ("stream", "callback"):
            raise ValueError("应为 stream 或 callback")
        return value

    @field_validator("mail_security")
    @classmethod
    def _how_secure(cls, value: str) -> str:
        if value not in ("ssl", "starttls", "none"):
            raise ValueError("应为 ssl、starttls 或 none")
        return value

    @field_validator("completion")
    @classmethod
    def _who_confirms(cls, value: str) -> str:
        if value not in ("unit", "office"):
            raise ValueError("应为 unit 或 office")
        return value

    @field_validator(
        "telegram_base_url", "telegram_webhook_url", "dingtalk_base_url", "dingtalk_oapi_url", "wecom_base_url",
        "llm_base_url", "embedding_base_url", "chroma_url",
    )  # fmt: skip
    @classmethod
    def _url(cls, value: str) -> str:
        if value:
            TypeAdapter(HttpUrl).validate_python(value)
        return value.rstrip("/")

    @field_validator("wecom_bot_url")
    @classmethod
    def _socket(cls, value: str) -> str:
        if not value.startswith(("wss://", "ws://")):
            raise ValueError("应为 wss:// 开头的网址")
        return value

    @field_validator("telegram_webhook_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if value and not value.startswith("https://"):
            raise ValueError("应为 https 网址，Telegram 不推送到别的")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("不是时区名称，例如 Asia/Shanghai") from error
        return value

    @property
    def effective_database_url(self) -> str:
        """The SQLAlchemy URL in use."""
        if self.database_url:
            # psycopg 3 is the driver that ships with us
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{self.home.absolute() / 'duban.sqlite3'}"

    def make_home(self) -> Path:
        """The absolute home, there and writable; raises UserError when it can't be."""
        home = self.home.absolute()
        try:
            home.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=home):
                pass
        except OSError as error:
            raise UserError(
                f"文件夹 {home} 不能写入（{error.strerror}）。请检查权限，或换一个 DUBAN_HOME。"
            ) from error
        return home

    @property
    def has_llm(self) -> bool:
        """Whether a language model is set up."""
        return bool(self.llm_base_url and self.llm_model)


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; raises UserError with one line that names the setting at fault."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    given = {name for name in os.environ if name.upper().startswith(PREFIX)}
    try:
        given |= {name for name in dotenv_values(".env") if name.upper().startswith(PREFIX)}
    except (OSError, UnicodeDecodeError):
        raise UserError("设置文件 .env 读不了。请检查权限，并另存为 UTF-8 编码的文本。") from None
    unknown = sorted(name for name in given if name.upper() not in known)
    if unknown:
        raise UserError(f"没有这个设置：{'、'.join(unknown)}。运行 duban doctor 可看到全部设置。")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{'.'.join(str(part) for part in first['loc'])}".upper()
        # the value itself may be a secret: it is never repeated
        raise UserError(f"设置 {name} 有误：{_in_chinese(first)}。请改正后再试。") from None


def _in_chinese(fault: Any) -> str:
    """What pydantic finds wrong with a value, without the value."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":  # our own words
        return str(context["error"])
    if kind.startswith("url"):
        return "应为网址，例如 https://api.example.com"
    for start, words in _KINDS.items():
        if kind.startswith(start):
            return words.format(**context)
    return "格式不对"
