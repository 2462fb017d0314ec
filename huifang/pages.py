"""The web pages: static files of a build, and its index for every address that is not one."""

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.exceptions import HTTPException

NOT_PAGES = ("api/", "internal/", "carriers/")
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_BUILT = "网页尚未构建：请运行 make run，或在 {folder} 中运行 npm run build。接口文档见 /api/docs"
CHAT = "chat/"


def serve_pages(app: FastAPI, staff: Path, patients: Path) -> None:
    """Adds the catch-all route, the patients' pages under /chat/; call it after every other route."""

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        if path.startswith(NOT_PAGES):
            raise HTTPException(404)
        if f"{path}/".startswith(CHAT):
            return _page(patients, path[len(CHAT) :])
        return _page(staff, path)


def _page(dist: Path, path: str) -> Response:
    if not (dist / "index.html").is_file():
        return PlainTextResponse(NOT_BUILT.format(folder=dist.parent.name), status_code=503)
    file = _inside(dist, path)
    if file is not None:
        cached = path.startswith("assets/")
        return FileResponse(file, headers={"Cache-Control": IMMUTABLE if cached else "no-cache"})
    if path.startswith("assets/"):
        raise HTTPException(404)
    return FileResponse(dist / "index.html", headers={"Cache-Control": "no-cache"})


def _inside(dist: Path, path: str) -> Path | None:
    """The file of that path, unless it leads out of the build or is hidden."""
    file = (dist / path).resolve()
    hidden = any(part.startswith(".") for part in Path(path).parts)
    return file if path and not hidden and file.is_relative_to(dist.resolve()) and file.is_file() else None
