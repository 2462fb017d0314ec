"""WeChat's side: it pushes as WeChat does, and checks what it is asked as WeChat does.

Signing and encryption are written here a second time, after WeChat's documents and not after our code.
"""

import base64
import hashlib
import itertools
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from core_api.kit.clock import Clock

Post = Callable[[str, bytes], Any]
"""Posts a query and a body to us; the answer has a status code and a text."""

REPLIES_PER_MESSAGE = 5
WINDOW = timedelta(hours=48)
CONTENT_BYTES = 2048
PICTURE_BYTES = 10 << 20
PUSHES = 3


@dataclass
class Follower:
    """A person, and what they have received."""

    openid: str
    last_message_at: datetime | None = None
    replies_left: int = 0
    received: list[str] = field(default_factory=list)


@dataclass
class FakeWechat:
    """One account at WeChat."""

    clock: Clock
    app_id: str = "wx1234567890abcdef"
    app_secret: str = "s3cret"
    token: str = "hospital"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    encrypted: bool = True
    people: dict[str, Follower] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    down: bool = False
    live_token: str = ""
    tokens_made: int = 0
    pushes: int = 0
    calls: list[str] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)
    refuse_uploads: list[int] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(23_000_000_000_000_001))

    def person(self, openid: str = "oPatient0001") -> Follower:
        return self.people.setdefault(openid, Follower(openid))

    # What WeChat sends to us.

    def say(self, post: Post, text: str, openid: str = "oPatient0001", **more: str) -> str:
        """A person writes; returns our answer's body. Pushed again like WeChat does where the answer is not right."""
        follower = self.person(openid)
        follower.last_message_at, follower.replies_left = self.clock.now(), REPLIES_PER_MESSAGE
        fields = {"MsgType": "text", "Content": text, "MsgId": str(next(self._ids))} | more
        return self.push(post, openid, fields)

    def happen(self, post: Post, event: str, openid: str = "oPatient0001") -> str:
        """An event, which has no message id."""
        follower = self.person(openid)
        follower.last_message_at, follower.replies_left = self.clock.now(), REPLIES_PER_MESSAGE
        return self.push(post, openid, {"MsgType": "event", "Event": event})

    def push(self, post: Post, openid: str, fields: dict[str, str]) -> str:
        created = {
            "ToUserName": "gh_hospital",
            "FromUserName": openid,
            "CreateTime": str(int(self.clock.now().timestamp())),
        }
        plain = self._xml(created | fields)
        answer = ""
        for _ in range(PUSHES):
            self.pushes += 1
            response = post(*self.signed(plain))
            answer = response.text
            if response.status_code == 200 and answer in {"success", ""}:
                break
        return answer

    def signed(self, plain: str, **change: str) -> tuple[str, bytes]:
        """The query and body of a push; `change` falsifies parts of the query."""
        timestamp, nonce = str(int(self.clock.now().timestamp())), os.urandom(5).hex()
        query = {"timestamp": timestamp, "nonce": nonce, "signature": self.sign(timestamp, nonce)}
        body = plain
        if self.encrypted:
            sealed = self._encrypt(plain.encode())
            body = self._xml({"ToUserName": "gh_hospital", "Encrypt": sealed})
            query |= {"encrypt_type": "aes", "msg_signature": self.sign(timestamp, nonce, sealed)}
        return str(httpx.QueryParams(query | change)), body.encode()

    def sign(self, *parts: str) -> str:
        return hashlib.sha1("".join(sorted([self.token, *parts])).encode(), usedforsecurity=False).hexdigest()

    def _encrypt(self, message: bytes) -> str:
        key = base64.b64decode(self.aes_key + "=")
        padder = padding.PKCS7(256).padder()
        content = os.urandom(16) + struct.pack(">I", len(message)) + message + self.app_id.encode()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(
            encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
        ).decode()

    def _xml(self, fields: dict[str, str]) -> str:
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        return f"<xml>{inner}</xml>"

    # What we ask of WeChat.

    def client(self) -> httpx.Client:
        return httpx.Client(base_url="https://api.weixin.qq.com", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("no route")
        self.calls.append(request.url.path)
        if request.url.path == "/cgi-bin/media/upload":
            return httpx.Response(200, json=self._upload(request))
        body = json.loads(request.content) if request.content else {}
        if request.url.path == "/cgi-bin/stable_token":
            return httpx.Response(200, json=self._token(body))
        if request.url.params.get("access_token") != self.live_token or not self.live_token:
            return httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential"})
        if self.refuse:
            return httpx.Response(200, json={"errcode": self.refuse.pop(0), "errmsg": "refused"})
        if request.url.path == "/cgi-bin/media/get":
            return self._media(request.url.params["media_id"])
        return httpx.Response(200, json={"errcode": self._send(body), "errmsg": ""})

    def _token(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("appid"), body.get("secret")) != (self.app_id, self.app_secret):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if body.get("force_refresh") or not self.live_token:
            self.tokens_made += 1
            self.live_token = f"token-{self.tokens_made}"
        return {"access_token": self.live_token, "expires_in": 7200}

    def _upload(self, request: httpx.Request) -> dict[str, Any]:
        """A temporary picture: a form with one file named `media`, JPEG, PNG or GIF, at most 10 MB."""
        if request.url.params.get("access_token") != self.live_token or not self.live_token:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.refuse_uploads:
            return {"errcode": self.refuse_uploads.pop(0), "errmsg": "refused"}
        kind = request.headers["content-type"]
        if request.url.params.get("type") != "image" or not kind.startswith("multipart/form-data; boundary="):
            return {"errcode": 40004, "errmsg": "invalid media type"}
        boundary = kind.partition("boundary=")[2].encode()
        head, _, content = request.read().strip(b"\r\n").removeprefix(b"--" + boundary).partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n--" + boundary + b"--")
        if b'name="media"; filename="' not in head:
            return {"errcode": 41005, "errmsg": "media data missing"}
        if not content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")):
            return {"errcode": 40137, "errmsg": "invalid image format"}
        if len(content) > PICTURE_BYTES:
            return {"errcode": 40009, "errmsg": "invalid image size"}
        media_id = f"uploaded-{len(self.media)}"
        self.media[media_id] = content
        return {"type": "image", "media_id": media_id, "created_at": int(self.clock.now().timestamp())}

    def _media(self, media_id: str) -> httpx.Response:
        if media_id not in self.media:
            return httpx.Response(200, json={"errcode": 40007, "errmsg": "invalid media_id"})
        return httpx.Response(200, content=self.media[media_id], headers={"content-type": "image/jpeg"})

    def _send(self, body: dict[str, Any]) -> int:
        follower = self.people.get(body["touser"])
        picture = body["msgtype"] == "image"
        if picture and body["image"]["media_id"] not in self.media:
            return 40007
        content = f"图片 {body['image']['media_id']}" if picture else body["text"]["content"]
        if follower is None or follower.last_message_at is None:
            return 40003
        if len(content.encode()) > CONTENT_BYTES:
            return 45002
        if self.clock.now() - follower.last_message_at >= WINDOW:
            return 45015
        if follower.replies_left == 0:
            return 45047
        follower.replies_left -= 1
        follower.received.append(content)
        return 0
