"""Where the corpora lie that measurements and some tests read; they are no part of the project.

`ARCHIVER_CORPORA` names their folder, else they lie in `../shared/corpora` beside the repository.
The published schemas lie beside the corpora.
"""

from __future__ import annotations

import os
from pathlib import Path

_NAMED = os.environ.get("ARCHIVER_CORPORA")
_BESIDE = Path(__file__).resolve().parents[2] / "shared"

FOLDER = Path(_NAMED) if _NAMED else _BESIDE / "corpora"
SCHEMAS = FOLDER.parent / "schemas"

# Where somebody says that they are here, a missing one is a fault and no reason to go on without.
ARE_WANTED = bool(_NAMED) or _BESIDE.is_dir()
