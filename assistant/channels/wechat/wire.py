"""WeChat's push bodies: XML or JSON, plain or encrypted."""

import json
from typing import Any
from xml.etree import ElementTree

from pydantic import ValidationError

from assistant.channels.wechat import crypto
from assistant.channels.wechat.schemas import Incoming, Signed, WechatAccount
from core_api.kit.errors import Forbidden, Invalid

NAMES = {
    "FromUserName": "openid",
    "CreateTime": "created",
    "MsgType": "kind",
    "MsgId": "message_id",
    "Content": "content",
    "MediaId": "media_id",
    "Recognition": "recognition",
    "Event": "event",
    "EventKey": "event_key",
}


def echo(account: WechatAccount, signed: Signed) -> str:
    """The answer to WeChat's question whether this address is ours.

    Raises:
        Forbidden: It is not WeChat who asks.
    """
    crypto.check_signature(signed.signature, account.token.get_secret_value(), signed.timestamp, signed.nonce)
    return signed.echostr


def read(account: WechatAccount, signed: Signed, body: bytes) -> Incoming:
    """A push, checked and decrypted.

    Raises:
        Forbidden: It was not signed or encrypted by WeChat for this account.
        Invalid: It is no message.
    """
    token = account.token.get_secret_value()
    fields = _fields(body)
    if "Encrypt" in fields:
        encrypted = fields["Encrypt"]
        crypto.check_signature(signed.msg_signature, token, signed.timestamp, signed.nonce, encrypted)
        fields = _fields(crypto.decrypt(account.aes_key.get_secret_value(), account.app_id, encrypted))
    elif account.aes_key.get_secret_value():
        raise Forbidden("这个应用只收加密消息", code="wechat_encryption")
    else:
        crypto.check_signature(signed.signature, token, signed.timestamp, signed.nonce)
    try:
        return Incoming.model_validate({ours: fields.get(theirs, "") for theirs, ours in NAMES.items()})
    except ValidationError as error:
        raise Invalid("消息格式有误", code="wechat_message") from error


def _fields(body: bytes) -> dict[str, str]:
    try:
        text = body.decode()
        return _from_json(text) if text.lstrip().startswith("{") else _from_xml(text)
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError) as error:
        raise Invalid("消息格式有误", code="wechat_message") from error


def _from_json(text: str) -> dict[str, str]:
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        message = "not an object"
        raise TypeError(message)
    return {str(key): str(value) for key, value in found.items() if isinstance(value, str | int)}


def _from_xml(text: str) -> dict[str, str]:
    """WeChat sends one level of elements; declarations, in which entities could hide, it never sends."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        message = "declarations"
        raise ValueError(message)
    root = ElementTree.fromstring(text)  # noqa: S314 - without declarations there are no entities to expand
    return {child.tag: child.text or "" for child in root}
