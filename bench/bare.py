"""The engine alone: tesserocr, the German model, pixels in and text out; nothing is stored.

Promises the least that reading these pages costs in this process: the model is loaded and all
modules are imported before the word *ready* goes out, and a page's pixels are decoded from the
JPEG in it. Started as ``python -m bench.bare``; it then takes the path of one letter a line and
answers with one line of JSON: the text and the processor time.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from archiver.recognise.engine import find_tessdata
from bench.engine import cpu_seconds, embedded_page


def main() -> None:
    os.environ["OMP_THREAD_LIMIT"] = "1"
    import pikepdf  # noqa: F401
    import tesserocr
    from PIL import Image

    Image.init()
    api = tesserocr.PyTessBaseAPI(
        path=f"{find_tessdata(None)}/",
        lang="deu",
        psm=3,
        # As the product has it, so that the comparison shows what is around the engine.
        variables={"tessedit_do_invert": "0", "debug_file": os.devnull},
    )
    _tell({"ready": True})
    for line in sys.stdin:
        start = cpu_seconds()
        page = embedded_page(Path(line.rstrip("\n")))
        api.SetImageBytes(page.pixels, page.width, page.height, 1, page.width)
        api.SetSourceResolution(round(page.dpi))
        text = api.GetUTF8Text()
        api.Clear()
        _tell({"text": text, "seconds": cpu_seconds() - start})


def _tell(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
