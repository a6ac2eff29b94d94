"""The program that makes one thumbnail: an image on standard input, a small one on standard output.

It runs by itself, with little memory and time, because what it reads was written by strangers. Imports nothing of the hub.
Exit status 1 with a line on standard error: refused. First output line: content type, width, height.
"""

import io
import resource
import sys
import warnings

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")
MAX_PIXELS = 25_000_000
JPEG_PIXELS = 120_000_000
"""JPEG is decoded at an eighth of its size, so a large photograph costs little."""

_CPU_SECONDS = 4
_MEMORY = 512 * 2**20


def thumbnail(source: bytes, edge: int) -> tuple[str, Image.Image]:
    """The first frame, upright, at most `edge` pixels wide and high, without metadata; and the format to save it in."""
    with Image.open(io.BytesIO(source), formats=FORMATS) as image:
        width, height = image.size
        if width * height > (JPEG_PIXELS if image.format == "JPEG" else MAX_PIXELS):
            raise ValueError(f"{width} × {height} pixels are too many")
        image.draft("RGB", (edge, edge))
        image.thumbnail((edge, edge), reducing_gap=2.0)
        upright = ImageOps.exif_transpose(image)
        seen_through = upright.has_transparency_data
        return ("PNG", upright.convert("RGBA")) if seen_through else ("JPEG", upright.convert("RGB"))


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # our own limits, above, are stricter and depend on the format
    try:
        kind, image = thumbnail(sys.stdin.buffer.read(), int(sys.argv[1]))
        made = io.BytesIO()
        image.save(made, kind, quality=82, optimize=True)
    except Exception as error:  # noqa: BLE001 (Pillow raises anything on hostile input; this process exists to contain that)
        print(f"{type(error).__name__}: {error}"[:150], file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.buffer.write(f"image/{kind.lower()} {image.width} {image.height}\n".encode() + made.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
