"""`huifang models`: which speech models there are, how to get more, with and without the internet."""

from pathlib import Path
from typing import Annotated

import typer

from core_api.kit.errors import ServiceError
from huifang.settings import Settings
from telephony.api import (
    SMALL_CN,
    ModelInfo,
    RecognitionUnavailable,
    describe,
    describe_sherpa,
    how_to_install_sherpa,
    install,
    sherpa_library,
    unpack,
)

app = typer.Typer(no_args_is_help=True)
MEGABYTE = 1_000_000
OFFLINE = """离线安装：
  1. 在能上网的电脑上下载 {url}（约 {megabytes} MB，{licence}）；
  2. 在那台电脑上算出校验和：sha256sum {name}.zip（Windows：certutil -hashfile {name}.zip SHA256），并与发布方核对；
  3. 把压缩包拷到本机，运行：huifang models install --file {name}.zip --sha256 校验和；
模型装在 {target}。"""


class ModelRefused(ServiceError):
    """A model could not be installed."""

    default_code = "model_refused"
    status = 400


@app.command("list", help="列出已有的语音模型及其状态。")
def list_models() -> None:
    settings = Settings()
    for folder in settings.speech_models:
        _show(describe(folder))
    library = sherpa_library()
    typer.echo(f"sherpa-onnx  {library or f'没有安装，需要时运行：{how_to_install_sherpa()}'}")
    if settings.sherpa_model is not None:
        _show(describe_sherpa(settings.sherpa_model))
    elif settings.recognition == "sherpa":
        typer.echo("  没有设置 HUIFANG_SHERPA_MODEL：患者只能按键回答")


@app.command("install", help="安装通用中文模型：联网下载，或用 --file 指定拷来的压缩包。")
def install_model(
    sha256: Annotated[str, typer.Option(help="压缩包的 SHA-256 校验和；不符就不安装")],
    file: Annotated[Path | None, typer.Option(help="已下载的压缩包", exists=True, dir_okay=False)] = None,
) -> None:
    folder = _folder(Settings())
    try:
        if file is None:
            typer.echo(f"下载 {SMALL_CN.url} …")
            target = install(SMALL_CN, folder, sha256, _Meter())
        else:
            folder.mkdir(parents=True, exist_ok=True)
            target = unpack(file, sha256, folder / SMALL_CN.name)
    except RecognitionUnavailable as error:
        raise ModelRefused(error.reason) from error
    typer.echo(f"已安装：{target}")


@app.command("help", help="说明怎样离线安装。")
def explain() -> None:
    typer.echo(
        OFFLINE.format(
            url=SMALL_CN.url,
            megabytes=SMALL_CN.megabytes,
            licence=SMALL_CN.licence,
            name=SMALL_CN.name,
            target=_folder(Settings()) / SMALL_CN.name,
        )
    )


class _Meter:
    """Prints a line for every tenth of the download."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, received: int) -> None:
        share = int(10 * received / (SMALL_CN.megabytes * MEGABYTE))
        if share > self._told:
            self._told = share
            typer.echo(f"  已下载 {received / MEGABYTE:.0f} MB")


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "models"


def _show(model: ModelInfo) -> None:
    state = model.fault or "可用"
    words = f"{model.words} 个词" if model.words else "通用词表"
    typer.echo(f"{model.name}  {state}")
    typer.echo(f"  {words}，{model.size_bytes / MEGABYTE:.1f} MB，许可 {model.licence}，{model.folder}")
