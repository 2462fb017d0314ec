"""An Asterisk as its REST interface shows it: channels, bridges, applications, events; faults as told."""

import asyncio
import base64
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from telephony.carriers.asterisk.examining import NEEDED
from tests.fakes.asterisk_media import Line, Patient, serve_audiosocket, serve_socket

USER, PASSWORD = "huifang", "a-password-of-tests"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
Json = dict[str, Any]


@dataclass
class Channel:
    id: str
    name: str
    app: str
    state: str = "Down"
    context: str = "default"
    exten: str = "s"
    in_app: bool = True
    line: Line | None = None
    number: str = ""
    caller: str = ""
    patient: Patient | None = None
    """Who calls us on it."""
    variables: dict[str, str] = field(default_factory=dict)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def told(self) -> Json:
        made = self.made_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        where = {"app_name": "Stasis", "app_data": f"{self.app},out,45"} if self.in_app else {"app_name": "Dial"}
        plan = {"context": self.context, "exten": self.exten, "priority": 1, **where}
        caller = {"name": "", "number": self.caller}
        about = {"state": self.state, "caller": caller, "creationtime": made, "dialplan": plan}
        return {"id": self.id, "name": self.name, **about}


class FakeAsterisk:
    """The exchange's state; `app` serves it."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, list[str]] = {}
        self.lines: dict[str, Line] = {}
        self.patients: dict[str, Patient] = {}
        self.listeners: dict[str, WebSocket] = {}
        self.dialled: Counter[str] = Counter()
        self.left: dict[str, str] = {}
        self.faults: dict[str, Callable[[], Awaitable[Response | None]]] = {}
        self.twice = False
        """Every event is sent twice."""
        self.disorder = False
        """Ringing is told only after the answer."""
        self.modules: list[str] = [*NEEDED, "chan_websocket.so"]
        self.tasks: set[asyncio.Task[None]] = set()
        self.app = _app(self)

    async def send(self, channel: Channel, kind: str, **more: Any) -> None:
        socket = self.listeners.get(channel.app)
        if socket is None:
            return
        event = {"type": kind, "application": channel.app, "channel": channel.told(), **more}
        for _ in range(2 if self.twice else 1):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.send_json(event)

    async def enter(self, channel: Channel, arguments: list[str]) -> None:
        """Stasis(): an application that nobody listens to hangs the channel up."""
        if channel.app not in self.listeners:
            await self.destroy(channel, 16)
        else:
            await self.send(channel, "StasisStart", args=arguments)

    async def set_state(self, channel: Channel, state: str) -> None:
        channel.state = state
        await self.send(channel, "ChannelStateChange")

    async def destroy(self, channel: Channel, cause: int) -> None:
        if self.channels.pop(channel.id, None) is None:
            return
        await self.send(channel, "ChannelDestroyed", cause=cause, cause_txt="")
        for socket in filter(None, [channel.line.socket if channel.line else None]):
            with contextlib.suppress(RuntimeError):
                await socket.close()
        if channel.line and channel.line.writer:
            channel.line.writer.close()

    async def ring(self, channel: Channel) -> None:
        """What the network does with a dialled number."""
        patient = self.patients.get(channel.number, Patient(answers=False))
        line = self._line_of(channel)
        if not self.disorder:
            await self.set_state(channel, "Ringing")
        line.say.extend(patient.early)
        if not patient.answers and patient.cause is None:
            return
        await asyncio.sleep(max(patient.rings_seconds, len(patient.early) * 0.02))
        if patient.cause is not None:
            await self.destroy(channel, patient.cause)
            return
        if patient.machine:
            channel.variables["SHARED(AMDSTATUS)"] = "MACHINE"
        await self.set_state(channel, "Up")
        if self.disorder:
            await self.send(channel, "ChannelStateChange", late=True)
        line.keys.extend(patient.keys)
        line.cuts_in, line.suppresses = patient.cuts_in, patient.suppresses
        line.say.extend(patient.frames)
        if patient.hangs_up_after is not None:
            await asyncio.sleep(patient.hangs_up_after)
            await self.destroy(channel, 16)

    async def talk(self, channel: Channel, patient: Patient) -> None:
        """What a caller does once they hear us."""
        line = self._line_of(channel)
        line.keys.extend(patient.keys)
        line.say.extend(patient.frames)
        if patient.hangs_up_after is not None:
            await asyncio.sleep(patient.hangs_up_after)
            await self.destroy(channel, 16)

    async def restart(self) -> None:
        """Every channel, bridge and connection is gone without a word."""
        channels, self.channels = list(self.channels.values()), {}
        self.bridges.clear()
        sockets = [*self.listeners.values(), *(one.line.socket for one in channels if one.line and one.line.socket)]
        for socket in sockets:
            with contextlib.suppress(RuntimeError):
                await socket.close(1012)

    def start(self, work: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _line_of(self, channel: Channel) -> Line:
        """The audio that it is bridged with."""
        for members in self.bridges.values():
            if channel.id in members:
                for other in (self.channels[one] for one in members if one in self.channels):
                    if other.line is not None:
                        return other.line
        return Line("", "")


def _app(exchange: FakeAsterisk) -> FastAPI:  # noqa: C901, PLR0915 - one route after another
    app = FastAPI()

    def found(channel_id: str) -> Channel | None:
        return exchange.channels.get(channel_id)

    def no(status: int, message: str = "") -> JSONResponse:
        return JSONResponse({"message": message}, status)

    @app.middleware("http")
    async def gate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.headers.get("authorization") != BASIC:
            return no(401, "Authentication required")
        key = f"{request.method} {request.url.path}"
        fault = next((fault for start, fault in exchange.faults.items() if key.startswith(start)), None)
        answer = await call_next(request)  # a fault loses the answer, not the deed
        return (await fault() or answer) if fault else answer

    @app.get("/ari/asterisk/info")
    def info() -> Json:
        return {"system": {"version": "22.8.0", "entity_id": "00:00"}}

    @app.get("/ari/asterisk/modules")
    def modules() -> list[Json]:
        return [{"name": name, "status": "Running"} for name in exchange.modules]

    @app.get("/ari/applications")
    def applications() -> list[Json]:
        return [{"name": name} for name in exchange.listeners]

    @app.get("/ari/channels")
    def channels() -> list[Json]:
        return [channel.told() for channel in exchange.channels.values()]

    @app.post("/ari/channels/create")
    async def create(request: Request) -> Response:
        body = await request.json()
        if body["channelId"] in exchange.channels:
            return no(409, "Channel with given unique ID already exists")
        tech, _, device = body["endpoint"].partition("/")
        if not tech or not device:
            return no(400, "Invalid endpoint specified")
        if tech not in {"Local", "PJSIP"}:
            return no(500, "Allocation failed")
        channel = Channel(body["channelId"], f"{body['endpoint']}-0001;1", body["app"])
        channel.number = device.split("@")[0]
        channel.variables.update(body.get("variables", {}))
        exchange.channels[channel.id] = channel
        exchange.start(exchange.enter(channel, body.get("appArgs", "").split(",")))
        return JSONResponse(channel.told())

    @app.post("/ari/channels/externalMedia")
    async def external_media(request: Request) -> Response:
        body = await request.json()
        line = Line(str(uuid4()), body["channelId"])
        channel = Channel(body["channelId"], f"{body['encapsulation']}/0x1", body["app"], line=line)
        if body["transport"] == "websocket" and body["encapsulation"] != "none":
            return no(400, "encapsulation must be 'none' for websocket transport")
        if channel.id in exchange.channels:
            return no(409, "Channel with given unique ID already exists")
        exchange.channels[channel.id] = exchange_channel = channel
        exchange.lines[line.connection_id] = line
        told = channel.told()
        if body["transport"] == "websocket":
            return JSONResponse(told | {"channelvars": {"MEDIA_WEBSOCKET_CONNECTION_ID": line.connection_id}})
        host, _, port = body["external_host"].rpartition(":")

        async def talk() -> None:
            exchange_channel.state = "Up"
            await exchange.enter(exchange_channel, [body["data"]])
            await serve_audiosocket(line, host, int(port), UUID(body["data"]).bytes)
            await exchange.destroy(exchange_channel, 16)

        exchange.start(talk())
        return JSONResponse(told | {"channelvars": {}})

    @app.get("/ari/channels/{channel_id}")
    def channel(channel_id: str) -> Response:
        one = found(channel_id)
        return JSONResponse(one.told()) if one else no(404, "Channel not found")

    @app.delete("/ari/channels/{channel_id}")
    async def hang_up(channel_id: str) -> Response:
        one = found(channel_id)
        if one is None:
            return no(404, "Channel not found")
        exchange.start(exchange.destroy(one, 16))
        return Response(status_code=204)

    @app.post("/ari/channels/{channel_id}/dial")
    async def dial(channel_id: str) -> Response:
        one = found(channel_id)
        if one is None:
            return no(404, "Channel not found")
        if one.state != "Down":
            return no(409, "Channel is not in the 'Down' state")
        exchange.dialled[one.number] += 1
        one.state = "Ring"
        exchange.start(exchange.ring(one))
        return Response(status_code=204)

    @app.post("/ari/channels/{channel_id}/answer")
    async def answer(channel_id: str) -> Response:
        one = found(channel_id)
        if one is None:
            return no(404, "Channel not found")
        await exchange.set_state(one, "Up")
        return Response(status_code=204)

    @app.post("/ari/channels/{channel_id}/continue")
    async def leave(channel_id: str, request: Request) -> Response:
        one = found(channel_id)
        if one is None:
            return no(404, "Channel not found")
        if not one.in_app:
            return no(409, "Channel not in Stasis application")
        body = await request.json()
        one.in_app, one.context, one.exten = False, body["context"], body["extension"]
        exchange.left[one.id] = body["extension"]
        await exchange.send(one, "StasisEnd")
        return Response(status_code=204)

    @app.get("/ari/channels/{channel_id}/variable")
    def variable(channel_id: str, variable: str) -> Response:
        one = found(channel_id)
        value = one.variables.get(variable) if one else None
        return no(404, "Variable not found") if value is None else JSONResponse({"value": value})

    @app.post("/ari/bridges/{bridge_id}")
    def bridge(bridge_id: str) -> Json:
        exchange.bridges.setdefault(bridge_id, [])
        return {"id": bridge_id}

    @app.post("/ari/bridges/{bridge_id}/addChannel")
    async def add(bridge_id: str, request: Request) -> Response:
        body = await request.json()
        ids = body["channel"] if isinstance(body["channel"], list) else [body["channel"]]
        if bridge_id not in exchange.bridges:
            return no(404, "Bridge not found")
        if any(one not in exchange.channels for one in ids):
            return no(400, "Channel not found")
        exchange.bridges[bridge_id] += ids
        for one in (exchange.channels[found_id] for found_id in ids):
            if one.patient is not None:
                exchange.start(exchange.talk(one, one.patient))
        return Response(status_code=204)

    @app.delete("/ari/bridges/{bridge_id}")
    def unbridge(bridge_id: str) -> Response:
        gone = exchange.bridges.pop(bridge_id, None)
        return no(404, "Bridge not found") if gone is None else Response(status_code=204)

    @app.websocket("/ari/events")
    async def events(socket: WebSocket, app: str) -> None:
        if socket.headers.get("authorization") != BASIC:
            await socket.close()
            return
        await socket.accept()
        old = exchange.listeners.get(app)
        if old is not None:
            await old.send_json({"type": "ApplicationReplaced", "application": app})
        exchange.listeners[app] = socket
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            if exchange.listeners.get(app) is socket:
                del exchange.listeners[app]

    @app.websocket("/media/{connection_id}")
    async def media(socket: WebSocket, connection_id: str) -> None:
        line = exchange.lines.get(connection_id)
        if line is None or line.socket is not None:
            await socket.close()
            return
        await socket.accept("media")
        one = exchange.channels[line.channel_id]
        one.state = "Up"
        exchange.start(exchange.enter(one, []))
        await serve_socket(line, socket)
        await exchange.destroy(one, 16)

    return app
