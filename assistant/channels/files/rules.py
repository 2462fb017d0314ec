"""What a file really is, by its content and never by its name; pictures are drawn anew without what cameras add."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from assistant.channels.files.schemas import PICTURE_BYTES, VOICE_BYTES, VOICE_SECONDS, Checked
from core_api.kit.errors import Invalid, ServiceError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXELS_MAX = 50_000_000
SIDE_MAX = 4096
QUALITY = 88
# RIFF....WAVE, ID3 or an MPEG frame, ....ftyp, OggS, EBML, #!AMR
VOICE_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
)


class TooLarge(ServiceError):
    default_code = "file_too_large"
    status = 413


def check(content: bytes, seconds: int | None) -> Checked:
    """Tells pictures and voice messages from everything else.

    Raises:
        TooLarge: It has more bytes, pixels or seconds than a file may have.
        Invalid: It is neither.
    """
    media_type = voice_type(content)
    return _voice(content, media_type, seconds) if media_type else picture(content)


def voice_type(content: bytes) -> str | None:
    """The type of a sound file by its first bytes."""
    return next((kind for at, sign, kind in VOICE_SIGNS if content[at : at + len(sign)] == sign), None)


def picture(content: bytes) -> Checked:
    """Decodes a picture and draws it anew: as shown, at most SIDE_MAX wide, without places and names of cameras.

    Raises:
        TooLarge: It has more than PICTURE_BYTES or PIXELS_MAX.
        Invalid: It cannot be decoded.
    """
    if len(content) > PICTURE_BYTES:
        raise TooLarge(f"图片不能超过 {PICTURE_BYTES >> 20} MB", field="file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    raise TooLarge("图片的像素过多，请压缩后再发", field="file")
                return _drawn(ImageOps.exif_transpose(opened))
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombWarning,
    ) as error:
        raise Invalid("这个文件不是可以查看的图片", code="not_a_picture", field="file") from error


def _drawn(image: Image.Image) -> Checked:
    clear = "A" in image.getbands() or "transparency" in image.info
    drawn = image.convert("RGBA" if clear else "RGB")
    drawn.thumbnail((SIDE_MAX, SIDE_MAX))
    drawn.info.clear()
    out = io.BytesIO()
    if clear:
        drawn.save(out, "PNG")
    else:
        drawn.save(out, "JPEG", quality=QUALITY)
    media_type = "image/png" if clear else "image/jpeg"
    return Checked(
        kind="picture", media_type=media_type, content=out.getvalue(), width=drawn.width, height=drawn.height
    )


def _voice(content: bytes, media_type: str, seconds: int | None) -> Checked:
    if len(content) > VOICE_BYTES:
        raise TooLarge(f"语音不能超过 {VOICE_BYTES >> 20} MB", field="file")
    if seconds is not None and not 0 <= seconds <= VOICE_SECONDS:
        raise TooLarge(f"语音不能超过 {VOICE_SECONDS} 秒", field="seconds")
    return Checked(kind="voice", media_type=media_type, content=content, seconds=seconds)
