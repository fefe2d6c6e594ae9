"""What a received file is, told from its bytes alone.

Promises a media type from the first and last bytes, without any parser and without the name: a
clerk's ending proves nothing. Whatever is not named here is not read by machine.
"""

from __future__ import annotations

PDF = "application/pdf"
TIFF = "image/tiff"
JPEG = "image/jpeg"
PNG = "image/png"
JPEG_2000 = "image/jp2"

HEAD_BYTES = 4096
TAIL_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
)


def sniff(head: bytes, tail: bytes) -> str | None:
    """Tell the media type of a file.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of a smaller one.
        tail: the last `TAIL_BYTES`.

    Returns:
        one of the types above, or None for anything else. A PDF may stand behind up to 1024
        bytes of something else (ISO 32000-1, annex H.3.4.1), and may have lost its header where
        its end still has the marks of one.
    """
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:1024]:
        return PDF
    if b" obj" in head and b"startxref" in tail and b"%%EOF" in tail:
        return PDF
    return None
