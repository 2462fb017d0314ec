"""The web process: every slice's routes, live sockets, pages, the dialogue's actions, and the worker in process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from core_api.identity.service import authenticate
from core_api.kit.web import install_problem_handlers
from huifang import background, health, live
from huifang.composition import Composition
from huifang.headers import DOCS_PATH, SecurityHeaders
from huifang.pages import serve_pages

GZIP_FROM_BYTES = 2_000
GZIP_LEVEL = 4  # 9 takes three times as long for a twentieth less
DESCRIPTION = "医院对话服务：随访外呼、问卷、预警与患者记录。错误一律为 RFC 9457 问题文档。"


def create_app(composition: Composition) -> FastAPI:
    """Composes the application; its lifespan starts and ends the background work."""
    app = FastAPI(
        title="回访 Huifang",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=_lifespan,
        openapi_url="/api/openapi.json",
        docs_url=DOCS_PATH,
        redoc_url=None,
    )
    app.state.composition = composition
    app.state.runtime = composition.runtime
    app.state.authenticate = authenticate
    app.state.live = live.LiveFeed(composition.runtime, composition.enrich)
    app.state.worker = None
    for name, value in composition.state.items():
        setattr(app.state, name, value)
    install_problem_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(SecurityHeaders, frame_ancestors=composition.settings.chat_frame_ancestors)
    for router in (*composition.routers, live.router, health.router):
        app.include_router(router)
    serve_pages(app, composition.settings.web_dist, composition.settings.chat_dist)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    composition: Composition = app.state.composition
    settings = composition.settings
    feed = asyncio.create_task(app.state.live.run())
    starting = [asyncio.create_task(asyncio.to_thread(begin)) for begin in composition.on_start]
    alongside = [asyncio.create_task(work()) for work in composition.alongside]
    with contextlib.ExitStack() as stack:
        for stop in composition.on_stop:
            stack.callback(stop)
        if settings.runs_worker_in_process:
            celery = background.make_celery(composition)
            app.state.worker = stack.enter_context(
                background.in_process(celery, settings.worker_threads, composition.recurring)
            )
        try:
            yield
        finally:
            for task in (feed, *starting, *alongside):
                task.cancel()
            await asyncio.gather(feed, *starting, *alongside, return_exceptions=True)
