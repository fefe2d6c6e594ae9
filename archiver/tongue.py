"""The language in use: texts of the source in English, German from the catalogue.

Promises to be light: every command loads it before it knows what it will do.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

LANGUAGES = ("de", "en")
LOCALE = Path(__file__).parent / "locale"

_current: gettext.NullTranslations = gettext.NullTranslations()
_for_now: ContextVar[gettext.NullTranslations | None] = ContextVar("_for_now", default=None)


def use(language: str) -> None:
    """Speak `language` ("de" or "en") from now on, in this process."""
    global _current
    _current = _translations(language)
    # The command line's library asks gettext itself, by domain and environment.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("archiver", LOCALE)
    gettext.textdomain("archiver")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` within, in this thread or task alone, whatever language is in use."""
    token = _for_now.set(_translations(language))
    try:
        yield
    finally:
        _for_now.reset(token)


def _translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("archiver", LOCALE, languages=[language], fallback=True)


def tr(text: str) -> str:
    """`text` in the language in use."""
    return (_for_now.get() or _current).gettext(text) if text else text


def NN_(one: str, more: str) -> tuple[str, str]:  # noqa: N802 - as N_, for two forms
    """Mark both forms of a text for translation where they stand."""
    return one, more


def N_(text: str) -> str:  # noqa: N802 - the customary name, which extractors know
    """Mark `text` for translation where it stands; it is translated when shown."""
    return text
