"""Makes one small picture: `picture.py WIDTH PAGE`, an image on standard input, the picture on standard output.

Exit status 1 with a line on standard error: refused. First output line: content type and the number of pages.
"""

import io
import sys
import warnings

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM")
MAX_PIXELS = 40_000_000
JPEG_PIXELS = 120_000_000
"""JPEG is decoded at an eighth of its size, so a large photograph costs little."""
TALL = 3
"""A picture is at most so many times as high as `WIDTH`."""
MAX_PAGES = 1000


def picture(source: bytes, width: int, page: int) -> tuple[str, Image.Image, int]:
    """One page, upright, without metadata; the format to save it in, and how many pages there are."""
    with Image.open(io.BytesIO(source), formats=FORMATS) as image:
        pages = _pages(image) if image.format == "TIFF" else 1
        if not 1 <= page <= pages:
            raise ValueError(f"there are {pages} pages")
        if page > 1:
            image.seek(page - 1)
        across, down = image.size
        if across * down > (JPEG_PIXELS if image.format == "JPEG" else MAX_PIXELS):
            raise ValueError(f"{across} × {down} pixels are too many")
        box = (width, width * TALL)
        image.draft("RGB", box)
        square = _square_pixels(image)
        square.thumbnail(box, reducing_gap=2.0)
        upright = ImageOps.exif_transpose(square)
        if upright.has_transparency_data:
            return "PNG", upright.convert("RGBA"), pages
        return "JPEG", upright.convert("RGB"), pages


def _pages(image: Image.Image) -> int:
    for number in range(MAX_PAGES):
        try:
            image.seek(number + 1)
        except EOFError:
            break
    image.seek(0)
    return number + 1


def _square_pixels(image: Image.Image) -> Image.Image:
    """A fax has more dots across than down (T.4: 204 × 98 or 204 × 196 an inch); shown as they are it would be squashed."""
    if image.format != "TIFF" or image.mode != "1":
        return image
    across, down = (float(value) for value in image.info.get("dpi", (1, 1)))
    if not (0 < down < across < 5 * down):
        return image.convert("L")
    return image.convert("L").resize((image.width, round(image.height * across / down)))


def main() -> int:
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # our own limits, above, are stricter and depend on the format
    try:
        kind, image, pages = picture(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
        made = io.BytesIO()
        image.save(made, kind, quality=82, optimize=True)
    except Exception as error:  # noqa: BLE001 (Pillow raises anything on hostile input; this process exists to contain that)
        print(f"{type(error).__name__}: {error}"[:150], file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.buffer.write(f"image/{kind.lower()} {pages}\n".encode() + made.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
