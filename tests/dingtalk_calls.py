"""What a strict DingTalk does with each call: tokens, cards, robots' messages, files, webhooks.

It refuses what DingTalk refuses by its documentation (open.dingtalk.com); what no correct program
sends is kept in `complaints` besides.
"""

import base64
import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections import Counter
from typing import Any

from dingtalk_wire import StreamWire
from http_wire import HttpWire, Json, form
from vendor import BOSS, Shown

MESSAGES, PRESSES = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
GROUP = "cidA1b2+C3d4/E5f6G7h8I9jA=="
FILE_KINDS = {"doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"}
PICTURE_KINDS = {"jpg", "gif", "png", "bmp"}
# call: required and optional fields that the product may send
CALLS: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    ("POST", "/v1.0/oauth2/accessToken"): ({"appKey", "appSecret"}, set()),
    ("POST", "/v1.0/gateway/connections/open"): (
        {"clientId", "clientSecret", "subscriptions"},
        {"ua", "localIp"},
    ),
    ("POST", "/v1.0/card/instances/createAndDeliver"): (
        {"cardTemplateId", "outTrackId", "cardData", "openSpaceId", "callbackType"},
        {"userIdType", "imGroupOpenSpaceModel", "imGroupOpenDeliverModel",
         "imRobotOpenSpaceModel", "imRobotOpenDeliverModel"},
    ),
    ("PUT", "/v1.0/card/instances"): ({"outTrackId", "cardData"}, {"cardUpdateOptions", "userIdType"}),
    ("POST", "/v1.0/robot/groupMessages/send"): (
        {"robotCode", "openConversationId", "msgKey", "msgParam"},
        set(),
    ),
    ("POST", "/v1.0/robot/oToMessages/batchSend"): (
        {"robotCode", "userIds", "msgKey", "msgParam"},
        set(),
    ),
    ("POST", "/v1.0/robot/messageFiles/download"): ({"downloadCode", "robotCode"}, set()),
}  # fmt: skip
SENDING = {"createAndDeliver", "instances", "send", "batchSend"}


class Rejected(Exception):
    """Ends a call with an error, as DingTalk gives it."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.answer = status, {"code": code, "message": words, "requestid": "R"}


class DingTalkCalls:
    """One organisation with one application, a group in which its robot is, and group robots."""

    client_id, client_secret = "dingtestclientid", "an-invented-secret-for-tests"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.calls: Counter[str] = Counter()
        self.known_templates = {TEMPLATE}
        self.tokens: set[str] = set()
        self.robot_secret = "SECinventedfortests"
        self.robot_said: list[str] = []
        self.robot_errors: list[tuple[int, str]] = []  # what the next webhook calls get
        self.mentioned: list[Json] = []
        self._numbers = itertools.count(1)
        self._chats: dict[str, dict[str, Shown]] = {BOSS: {}, GROUP: {}}
        self._cards: dict[str, tuple[str, dict[str, str]]] = {}  # id → (chat, label → button id)
        self._files: dict[str, bytes] = {}
        self._media: dict[str, tuple[str, bytes]] = {}
        self._gone: set[str] = set()
        self._faults: list[str] = []
        self._closed = threading.Event()
        self._lock = threading.RLock()

    def open(self) -> None:
        """Listens on free ports."""
        self.http = HttpWire(self._handle)
        self.stream = StreamWire(self.complaints)

    def stop(self) -> None:
        self._closed.set()
        self.stream.stop()
        self.http.stop()

    def _handle(
        self, method: str, path: str, query: Json, headers: Json, body: bytes
    ) -> tuple[int, Any] | None:
        if method == "GET" and path.startswith("/files/"):
            return 200, self._files[path.removeprefix("/files/")]
        fault = ""
        with self._lock:
            call = path.rpartition("/")[2]
            self.calls[call] += 1
            if call in SENDING and self._faults:
                fault = self._faults.pop(0)
        match fault:
            case "busy":
                return 403, {
                    "code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
                    "message": "当前企业应用调用开放接口触发了QPS限流",
                }
            case "error":
                return 500, {"code": "ServiceUnavailable", "message": "系统繁忙"}
            case "hang":
                self._closed.wait()
                return None
            case "drop":
                return None
        with self._lock:
            try:
                if path == "/media/upload":
                    return 200, self._upload(query, headers, body)
                if path == "/robot/send":
                    return 200, self._webhook(query, body)
                return 200, self._do(method, path, headers, body)
            except Rejected as error:
                return error.answer

    def _do(self, method: str, path: str, headers: Json, body: bytes) -> Json:
        if (method, path) not in CALLS:
            self.complaints.append(f"unknown call {method} {path}")
            raise Rejected(404, "InvalidAction.NotFound", "接口不存在")
        required, optional = CALLS[method, path]
        given = json.loads(body)
        self.complaints += [
            f"{path}: unknown {n}" for n in sorted(given.keys() - required - optional)
        ]
        self.complaints += [f"{path}: without {n}" for n in sorted(required - given.keys())]
        if path == "/v1.0/oauth2/accessToken":
            return self._access_token(given)
        if path == "/v1.0/gateway/connections/open":
            return self._open_stream(given)
        if headers.get("x-acs-dingtalk-access-token") not in self.tokens:
            raise Rejected(401, "InvalidAuthentication", "不合法的access_token")
        if given.get("robotCode", self.client_id) != self.client_id:
            raise Rejected(400, "invalidParameter.robotCode.auth", "robotCode与应用不匹配")
        match path.rpartition("/")[2]:
            case "createAndDeliver":
                return self._create_card(given)
            case "instances":
                return self._update_card(given)
            case "download":
                if given["downloadCode"] not in self._files:
                    raise Rejected(400, "invalidParameter.robotCode.downloadCode", "下载码无效")
                return {"downloadUrl": f"{self.http.url}/files/{given['downloadCode']}"}
        return self._robot_message(given)

    def _access_token(self, given: Json) -> Json:
        if (given["appKey"], given["appSecret"]) != (self.client_id, self.client_secret):
            raise Rejected(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        token = f"token{next(self._numbers)}"
        self.tokens.add(token)
        return {"accessToken": token, "expireIn": 7200}

    def _open_stream(self, given: Json) -> Json:
        if (given["clientId"], given["clientSecret"]) != (self.client_id, self.client_secret):
            raise Rejected(401, "authFailed", "鉴权失败")
        if not given["subscriptions"]:
            self.complaints.append("a stream of nothing")
        for topic in given["subscriptions"]:
            if topic["topic"] not in (MESSAGES, PRESSES) or topic["type"] != "CALLBACK":
                self.complaints.append(f"unknown topic {topic}")
        ticket = f"ticket-{next(self._numbers)}"
        self.stream.tickets.add(ticket)
        return {"endpoint": self.stream.url, "ticket": ticket}

    def _create_card(self, given: Json) -> Json:
        if given["cardTemplateId"] not in self.known_templates:
            raise Rejected(400, "param.cardTemplateNotExist", "卡片模板不存在")
        if given["callbackType"] != "STREAM" or given["outTrackId"] in self._cards:
            self.complaints.append(f"a card that nobody can answer, or made twice: {given}")
        space = re.fullmatch(r"dtv1\.card//(IM_GROUP|IM_ROBOT)\.(.+)", given["openSpaceId"])
        if space is None:
            raise Rejected(400, "param.openSpaceIdInvalid", "openSpaceId不合法")
        in_group = space[1] == "IM_GROUP"
        model = given.get("imGroupOpenDeliverModel" if in_group else "imRobotOpenDeliverModel", {})
        if in_group and model.get("robotCode") != self.client_id:
            raise Rejected(400, "param.robotCodeEmpty", "robotCode为空")
        if not in_group and model.get("spaceType") != "IM_ROBOT":
            raise Rejected(400, "param.spaceTypeInvalid", "spaceType不合法")
        space_model = given.get(
            "imGroupOpenSpaceModel" if in_group else "imRobotOpenSpaceModel", {}
        )
        if space_model.get("supportForward", True):
            self.complaints.append("a card that can be carried to people whom it is not for")
        delivered = {"spaceId": space[2], "spaceType": space[1], "success": True, "errorMsg": ""}
        if space[2] not in self._chats or space[2] in self._gone:
            delivered |= {"success": False, "errorMsg": "chatbotNotInstall"}
        else:
            if "atUserIds" in model:
                self.mentioned.append(model["atUserIds"])
            shown, buttons = self._read_card(given)
            self._chats[space[2]][shown.message_id] = shown
            self._cards[shown.message_id] = space[2], buttons
        return {"success": True, "result": {"outTrackId": given["outTrackId"], "deliverResults": [delivered]}}  # fmt: skip

    def _update_card(self, given: Json) -> Json:
        if given["outTrackId"] not in self._cards:
            raise Rejected(400, "param.cardNotExist", "卡片不存在")
        chat, _ = self._cards[given["outTrackId"]]
        shown, buttons = self._read_card(given)
        shown.edited = True
        self._chats[chat][shown.message_id] = shown
        self._cards[shown.message_id] = chat, buttons
        return {"success": True, "result": True}

    def _read_card(self, given: Json) -> tuple[Shown, dict[str, str]]:
        """The card as a person sees it, and its buttons."""
        values = given["cardData"]["cardParamMap"]
        if not all(isinstance(value, str) for value in values.values()):
            raise Rejected(400, "param.cardDataInvalid", "cardParamMap的值应为字符串")
        if len(json.dumps(values, ensure_ascii=False).encode()) > 15_000:
            raise Rejected(400, "param.cardDataTooLarge", "卡片数据过大")
        buttons = {}
        for button in json.loads(values["sys_full_json_obj"])["msgButtons"]:
            if button.keys() != {"text", "color", "id", "request"} or not button["request"]:
                self.complaints.append(f"a button that does nothing: {button}")
            buttons[button["text"]] = button["id"]
        return Shown(given["outTrackId"], seen(values["markdown"]), list(buttons)), buttons

    def _robot_message(self, given: Json) -> Json:
        chat = given.get("openConversationId") or "".join(given["userIds"])
        if len(given["msgParam"].encode()) > 15_000:
            raise Rejected(400, "invalidParameter.msgParam.invalid", "msgParam长度超过15000字节")
        content = json.loads(given["msgParam"])
        message_id = f"process{next(self._numbers)}"
        lists = {"processQueryKey": message_id, "invalidStaffIdList": [], "flowControlledStaffIdList": []}  # fmt: skip
        if chat not in self._chats or chat in self._gone:
            if chat.startswith("cid"):
                raise Rejected(400, "invalidParameter.robotCode.notExsit", "机器人不存在，请检查机器人是否在群内")  # fmt: skip
            return {**lists, "invalidStaffIdList": [chat]}
        shown = Shown(message_id, "")
        match given["msgKey"]:
            case "sampleText":
                shown.text = content["content"]
            case "sampleFile":
                if content["fileType"] not in {"xlsx", "pdf", "zip", "rar", "doc", "docx"}:
                    raise Rejected(400, "invalidParameter.msgParam.invalid", "文件类型不支持")
                shown.files[content["fileName"]] = self._media[content["mediaId"]][1]
            case "sampleImageMsg":
                name, picture = self._media[content["photoURL"]]
                shown.files[name] = picture
            case _:
                raise Rejected(400, "invalidParameter.msgKey.invalid", "msgKey不合法")
        self._chats[chat][message_id] = shown
        return lists

    def _upload(self, query: Json, headers: Json, body: bytes) -> Json:
        if query.get("access_token") not in self.tokens:
            return {"errcode": 40014, "errmsg": "不合法的access_token"}
        name, content = form(headers["content-type"], body)["media"]
        kinds = {"image": PICTURE_KINDS, "file": FILE_KINDS}[query["type"]]
        if name.rpartition(".")[2] not in kinds or len(content) > 20 * 1024 * 1024:
            return {"errcode": 40004, "errmsg": "不合法的媒体文件类型"}
        media_id = f"@lAL{next(self._numbers)}"
        self._media[media_id] = name, content
        return {"errcode": 0, "errmsg": "ok", "media_id": media_id, "type": query["type"]}

    def _webhook(self, query: Json, body: bytes) -> Json:
        """A group robot that is set to signatures; HTTP 200 whatever becomes of it."""
        signed = f"{query.get('timestamp')}\n{self.robot_secret}".encode()
        right = base64.b64encode(hmac.digest(self.robot_secret.encode(), signed, hashlib.sha256))
        if query.get("access_token") != "robottoken":
            return {"errcode": 300001, "errmsg": "token is not exist"}
        age_s = abs(time.time() - int(query.get("timestamp", 0)) / 1000)
        if query.get("sign", "").encode() != right or age_s > 3600:
            return {"errcode": 310000, "errmsg": "sign not match"}
        if self.robot_errors:
            code, words = self.robot_errors.pop(0)
            return {"errcode": code, "errmsg": words}
        given = json.loads(body)
        if len(body) > 20_000:
            return {"errcode": 460101, "errmsg": "message too long"}
        if given.keys() != {"msgtype", "text"} or given["text"].keys() != {"content"}:
            self.complaints.append(f"unknown webhook message {given}")
        self.robot_said.append(given["text"]["content"])
        return {"errcode": 0, "errmsg": "ok"}


def seen(markdown: str) -> str:
    """Markdown as a person sees it: a line's end needs two spaces before it, a backslash hides."""
    lines = re.sub(r"(?<!  )\n", " ", markdown).replace("  \n", "\n")
    return re.sub(r"\\([\\`*_~<>#+\-\]])", r"\1", lines)
