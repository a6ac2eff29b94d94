"""Reads sound: `sound.py peaks|wav SUFFIX`, a file on standard input, JSON or a WAV of 16-bit samples on standard output.

WAV files of samples, µ-law and A-law are read here; everything else by `sox`, where it is installed. The file's own beginning
says what it is, the suffix only what has no beginning of its own (`.gsm`). Exit status 1 with a line on standard error: refused.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

MAX_SECONDS = 4 * 3600
PEAKS = 200
_STEP = 0.02  # seconds a peak is taken over before they are brought down to `PEAKS`
_PCM, _ALAW, _MULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE


@dataclass(frozen=True)
class Sound:
    """Samples of 16 bits, little-endian, channels in turn."""

    rate: int
    channels: int
    chunks: Iterator[bytes]


class Refused(Exception):
    """Not readable."""


def _linear(law: int) -> list[int]:
    """The 256 codes of G.711 as 16-bit samples."""
    return [_mulaw(code) if law == _MULAW else _alaw(code) for code in range(256)]


def _mulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _alaw(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


def read(source: BinaryIO, suffix: str) -> Sound:
    """Raises `Refused`."""
    head = source.read(16)
    source.seek(0)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE" and (sound := _wav(source)):
        return sound
    source.seek(0)
    return _by_sox(source, _kind(head, suffix))


def _kind(head: bytes, suffix: str) -> tuple[str, int]:
    """What `sox` calls it, and the rate to read it at."""
    for start, kind, rate in (
        (b"RIFF", "wav", 8000),
        (b"OggS", "ogg", 22050),
        (b"ID3", "mp3", 22050),
        (b"fLaC", "flac", 22050),
        (b"#!AMR-WB", "amr-wb", 16000),
        (b"#!AMR", "amr-nb", 8000),
        (b".snd", "au", 16000),
        (b"FORM", "aiff", 22050),
    ):
        if head.startswith(start):
            return kind, rate
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # a frame of MPEG audio
        return "mp3", 22050
    if suffix == ".gsm":
        return "gsm", 8000
    raise Refused("no sound we can read")


def _wav(source: BinaryIO) -> Sound | None:
    """The samples of a WAV; None for codecs that are not read here."""
    source.seek(12)
    form = b""
    while len(head := source.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            return _samples(source, form, size) if len(form) >= 16 else None
        if name == b"fmt ":
            form = source.read(min(size, 64))
            source.seek(size - len(form), 1)
        else:
            source.seek(size, 1)
        source.seek(size & 1, 1)
    raise Refused("a WAV without sound")


def _samples(source: BinaryIO, form: bytes, size: int) -> Sound | None:
    codec, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if codec == _EXTENSIBLE and len(form) >= 26:
        codec = struct.unpack("<H", form[24:26])[0]
    if not (1 <= channels <= 8 and 1000 <= rate <= 384_000):
        raise Refused("a WAV of nonsense")
    width = bits // 8
    if (codec, bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_ALAW, 8), (_MULAW, 8)}:
        return None
    return Sound(rate, channels, _as_16_bit(source, size, codec, width, rate * channels))


def _as_16_bit(source: BinaryIO, size: int, codec: int, width: int, a_second: int) -> Iterator[bytes]:
    table = _linear(codec) if codec != _PCM else [(code - 128) << 8 for code in range(256)]
    low, high = (bytes(value >> shift & 0xFF for value in table) for shift in (0, 8))
    while size > 0 and (chunk := source.read(min(size, a_second * width))):
        size -= len(chunk)
        if width == 1:
            samples = bytearray(2 * len(chunk))
            samples[0::2], samples[1::2] = chunk.translate(low), chunk.translate(high)
            yield bytes(samples)
        else:
            chunk = chunk[: len(chunk) // width * width]
            samples = bytearray(len(chunk) // width * 2)
            samples[0::2], samples[1::2] = chunk[width - 2 :: width], chunk[width - 1 :: width]
            yield bytes(samples)


def _by_sox(source: BinaryIO, what: tuple[str, int]) -> Sound:
    kind, rate = what
    if shutil.which("sox") is None:
        raise Refused("sox is not installed")
    argv = ["sox", "-V1", "-t", kind, "-", "-t", "raw", "-r", str(rate), "-e", "signed", "-b", "16", "-L", "-c", "1", "-"]
    return Sound(rate, 1, _output_of(argv, source, 2 * rate))


def _output_of(argv: list[str], source: BinaryIO, size: int) -> Iterator[bytes]:
    os.lseek(source.fileno(), 0, os.SEEK_SET)  # what we have read ahead is for the program, too
    with subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        something = False
        while chunk := process.stdout.read(size):
            something = True
            yield chunk
    if not something:
        raise Refused("damaged, or not what it says it is")


def peaks(sound: Sound) -> dict[str, object]:
    """How loud it is along its length, 0 to 255, at most `PEAKS` times; and how long."""
    step = max(1, int(sound.rate * _STEP)) * sound.channels
    found: list[int] = []
    total = 0
    for chunk in _limited(sound):
        samples = array("h", chunk[: len(chunk) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
        total += len(samples)
        for start in range(0, len(samples), step):
            part = samples[start : start + step]
            found.append(max(max(part), -min(part)))
    count = min(PEAKS, len(found))
    bounds = [len(found) * place // count for place in range(count + 1)] if count else [0]
    loudest = [max(found[a:b]) for a, b in pairwise(bounds)]
    return {"seconds": round(total / sound.channels / sound.rate, 3), "peaks": [min(255, value >> 7) for value in loudest]}


def _limited(sound: Sound) -> Iterator[bytes]:
    left = sound.rate * sound.channels * 2 * MAX_SECONDS
    for chunk in sound.chunks:
        left -= len(chunk)
        if left < 0:
            raise Refused("longer than four hours")
        yield chunk


def write_wav(sound: Sound, out: BinaryIO) -> None:
    """As samples of 16 bits, which every browser plays."""
    out.write(bytes(44))
    size = 0
    for chunk in _limited(sound):
        size += out.write(chunk)
    out.seek(0)
    rate, channels = sound.rate, sound.channels
    form = struct.pack("<HHIIHH", _PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    out.write(
        b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
    )


def main() -> int:
    out = sys.stdout.buffer
    try:
        sound = read(sys.stdin.buffer, sys.argv[2])
        if sys.argv[1] == "peaks":
            out.write(json.dumps(peaks(sound)).encode())
        else:
            write_wav(sound, out)
        out.flush()
    except Exception as error:  # noqa: BLE001 (whatever a stranger's file does, it is told in one line)
        print(f"{type(error).__name__}: {error}"[:150], file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
