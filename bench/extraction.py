"""Dates, references and accounts on noisy strings made afresh, and on recognised letters.

Promises the same strings for the same seed. The share ``--rate`` of all characters is hit, in one
of three ways. ``recognition`` does what recognition does to small print: seven of ten become a
look-alike, where there is one, one becomes any letter or mark, one is lost, and beside one a letter
or mark is put in. ``any`` makes any letter or mark of half of them. ``digits`` also makes other
digits of digits, which nobody can tell from the string. The look-alikes are a table of their own,
wider than what the extraction repairs.

Run as ``python -m bench.extraction [--seed N] [--count N] [--rate P] [--letters FOLDER]``.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from archiver.extract.dates import SURE, find_dates
from archiver.extract.extraction import extract
from archiver.extract.numbers import find_ibans
from archiver.extract.references import behind_label
from archiver.extract.values import FieldKind, Known
from archiver.records import Page
from bench import history

NoiseKind = Literal["recognition", "any", "digits"]
TODAY = date(2026, 6, 30)
_ALIKE = {
    "0": "OoDQ", "1": "lIi|!", "2": "Z", "4": "A", "5": "S", "6": "Gb", "7": "T", "8": "B&",
    "9": "gq", "O": "0Q", "o": "0", "l": "1I|", "I": "1l|", "S": "5", "B": "8", "Z": "2",
    "m": "rn", "n": "ri", "ä": "a", "ö": "o", "ü": "u", "e": "c", "c": "e", "i": "l1",
    ".": ",·", ",": ".", "-": "–", ":": ";.", "a": "o", "r": "n", "t": "f", "h": "b",
}  # fmt: skip
_DIGITS_ALIKE = {"1": "7", "3": "8", "5": "6", "6": "5", "7": "1", "8": "3", "0": "8", "9": "8"}
_ANY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,-:;'|"
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
_SHORT = (
    "Jan.", "Feb.", "Mrz.", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
)  # fmt: skip
_STAMPED = (
    "JAN.", "FEB.", "MRZ.", "APR.", "MAI", "JUNI", "JULI", "AUG.", "SEP.", "OKT.", "NOV.", "DEZ.",
)  # fmt: skip


class Tally(NamedTuple):
    """What was there, what was found of it, and what was found besides.

    Attributes:
        there: values printed.
        right: of them found.
        wrong: found besides.
        unseen: of the wrong ones those that stand there in clean spelling, because the noise made
            another digit of a digit, or took one away: nothing in the string tells.
    """

    there: int
    right: int
    wrong: int
    unseen: int = 0

    @property
    def recall(self) -> float:
        """Share of what was there."""
        return self.right / max(self.there, 1)

    @property
    def precision(self) -> float:
        """Share of what was found."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def noticeable(self) -> float:
        """Precision without the wrong ones that nobody can tell."""
        return self.right / max(self.right + self.wrong - self.unseen, 1)

    def __str__(self) -> str:
        found = self.right + self.wrong
        return (
            f"recall {self.recall:.3f} ({self.right} of {self.there}), "
            f"precision {self.precision:.4f} ({self.wrong} wrong of {found}, {self.unseen} of them "
            f"spelled cleanly; without those {self.noticeable:.4f})"
        )


def noisy(text: str, rate: float, chance: random.Random, *, kind: NoiseKind = "recognition") -> str:
    """`text` as a poor scan would be read; see the module's docstring."""
    out = []
    for character in text:
        if chance.random() >= rate:
            out.append(character)
            continue
        if kind == "digits" and character in _DIGITS_ALIKE and chance.random() < 0.2:
            out.append(_DIGITS_ALIKE[character])
            continue
        what = chance.random()
        if what < (0.3 if kind == "any" else 0.7) and character in _ALIKE:
            out.append(chance.choice(_ALIKE[character]))
        elif what < 0.8:
            out.append(chance.choice(_ANY))
        elif what < 0.9:
            out.append(character + chance.choice(_ANY))
    return "".join(out)


def spelled(day: date, style: int) -> str:
    """A date in one of the spellings of letters, forms and stamps."""
    d, m, y = day.day, day.month, day.year
    match style % 11:
        case 0 | 1 | 2:
            return f"{d:02}.{m:02}.{y}"
        case 3:
            return f"{d}.{m}.{y}"
        case 4:
            return f"{d:02}. {m:02}. {y}"
        case 5:
            return f"{d}. {_MONTHS[m - 1]} {y}"
        case 6:
            return f"{d:02}. {_MONTHS[m - 1]} {y}"
        case 7:
            return f"{d}. {_SHORT[m - 1]} {y}"
        case 8:
            return f"{d:02}. {_STAMPED[m - 1]} {y}"
        case 9:
            return f"{d:02}.{m:02}.{y % 100:02}"
        case _:
            return f"{d}. {_MONTHS[m - 1].replace('ä', 'ae')} {y}"


_DATED = (
    "Datum: {}", "Musterbach, den {}", "Ihr Schreiben vom {} ist hier eingegangen.",
    "EINGEGANGEN {}", "Bescheid vom {} über die Festsetzung", "bis zum {} zu überweisen",
    "Eingang {} Stadtkasse", "Auf Ihren Antrag vom {} hin ergeht folgender Bescheid:",
    "am {} um 18.00 Uhr im Rathaus", "{}", "Musterbach, {}", "geboren am {} in Musterbach",
)  # fmt: skip
_UNDATED = (
    "im März 2021 wurde die Straße gesperrt", "Version 2.10.21 der Software",
    "Aktenzeichen: 70.820.46206-8", "Az. 632.21-12/2024", "Telefon: 0372 600014-43",
    "nach § 3 Abs. 1 Nr. 2.1.20 der Satzung", "IBAN DE75 5999 9990 0000 1200 34",
    "Betrag: 1.284,50 EUR bei 12.400,00 EUR Gesamtkosten", "Mo–Fr 8:00–12:00 Uhr, Do 14–18 Uhr",
    "Flur 7, Flurstück 118/3, Größe 12.450 m²", "Vorlage Nr. 2024/0123 des Stadtrates",
    "Buchungsstelle 54.1.01.785200 im Haushalt 2024", "Kassenzeichen 5.0214.000872.1",
    "Seite 2 von 12, Fassung 2023", "Version 3.12.1 vom Hersteller", "BGBl. I 2019 S. 2310",
)  # fmt: skip


_CLEAN_DATE = re.compile(
    r"\d{1,2}\.(?:\d{1,2}\.| \d{1,2}\. | ?[^\W\d_]{3,9}\.? )(?:\d{4}|\d\d)", re.UNICODE
)


def date_strings(
    count: int, rate: float, chance: random.Random, *, kind: NoiseKind = "recognition"
) -> list[tuple[str, date | None]]:
    """Lines of letters, two of three with a date, and the date that stands there."""
    lines: list[tuple[str, date | None]] = []
    for number in range(count):
        if number % 3 == 2:
            lines.append((noisy(chance.choice(_UNDATED), rate, chance, kind=kind), None))
            continue
        day = date(1995, 1, 1) + timedelta(days=chance.randrange(11_400))
        text = chance.choice(_DATED).format(spelled(day, chance.randrange(11)))
        lines.append((noisy(text, rate, chance, kind=kind), day))
    return lines


def measured_dates(lines: Iterable[tuple[str, date | None]], line: float = SURE) -> Tally:
    """How the grammar does on lines; only dates from the confidence `line` on count as found."""
    there = right = wrong = unseen = 0
    for text, day in lines:
        found = [one for one in find_dates(text, TODAY) if one.confidence >= line]
        there += day is not None
        right += any(one.value == day for one in found)
        for one in found:
            if one.value != day:
                wrong += 1
                unseen += _CLEAN_DATE.fullmatch(text[one.start : one.end]) is not None
    return Tally(there, right, wrong, unseen)


# What a town prints, and the shapes it therefore configures.
_REFERENCES = ("##.###.#####-#", "###.##-#/2023", "##.#/Mü 2024-##", "#.####.######.#", "2024/####")
SHAPES = ("99.999.99999-9", "999.99-9/9999", "99.9/Mü 9999-99", "9.9999.999999.9", "9999/9999")


def reference_strings(
    count: int, rate: float, chance: random.Random, *, kind: NoiseKind = "recognition"
) -> list[tuple[str, str]]:
    """What stands behind a label, and the reference that was printed."""
    printed = [
        re.sub("#", lambda _hash: str(chance.randrange(1, 10)), chance.choice(_REFERENCES))
        for _ in range(count)
    ]
    return [(noisy(one, rate, chance, kind=kind), one) for one in printed]


def measured_references(lines: Sequence[tuple[str, str]]) -> Tally:
    """How label-anchored reading does; only sure references count as found."""
    right = wrong = unseen = 0
    for text, printed in lines:
        found = behind_label(text, SHAPES)
        if found is not None and found.is_sure:
            right += found.normal == printed
            wrong += found.normal != printed
            unseen += found.normal != printed and found.normal == text[found.start : found.end]
    return Tally(len(lines), right, wrong, unseen)


def iban_strings(
    count: int, rate: float, chance: random.Random, *, kind: NoiseKind = "recognition"
) -> list[tuple[str, str]]:
    """Lines with an account, and the account."""
    lines = []
    for _ in range(count):
        body = f"{chance.randrange(10**8):08}{chance.randrange(10**10):010}"
        whole = f"DE{98 - int(body + '131400') % 97:02}{body}"
        grouped = " ".join(whole[i : i + 4] for i in range(0, 22, 4))
        lines.append((noisy(f"IBAN {grouped} BIC", rate, chance, kind=kind), whole))
    return lines


def measured_ibans(lines: Sequence[tuple[str, str]]) -> Tally:
    """How accounts are read; only verified ones count as found."""
    right = wrong = 0
    for text, printed in lines:
        for found in find_ibans(text):
            right += found.verified and found.normal == printed
            wrong += found.verified and found.normal != printed
    return Tally(len(lines), right, wrong)


def letter_pages(folder: Path, names: str = "*.pdf") -> list[tuple[Path, Page]]:
    """The corpus letters as the product's engine reads them (about 1.5 CPU s each)."""
    from archiver.recognise.engine import open_engine
    from archiver.recognise.engine_process import read_page
    from bench.engine import embedded_page

    engine = open_engine("tesserocr", "deu")
    return [
        (path, read_page(engine, embedded_page(path), 1, signs=True))
        for path in sorted(folder.glob(names))
    ]


def measured_letters(letters: Sequence[tuple[Path, Page]]) -> dict[str, Tally]:
    """The letter's date and its reference as facts, against the text beside each letter."""
    counts = {"letter_date": [0, 0], "reference": [0, 0]}
    for path, page in letters:
        truth = path.with_suffix(".txt").read_text(encoding="utf-8")
        read = extract([page], TODAY, Known())
        day = re.search(r"Datum: (\d\d)\.(\d\d)\.(\d{4})", truth)
        reference = re.search(r"Aktenzeichen: (\S+)", truth)
        assert day is not None and reference is not None, path
        wanted = {"letter_date": f"{day[3]}-{day[2]}-{day[1]}", "reference": reference[1]}
        for kind, value in wanted.items():
            fact = read.fact("letter_date" if kind == "letter_date" else "reference")
            if fact is not None:
                counts[kind][fact.normal != value] += 1
    return {kind: Tally(len(letters), right, wrong) for kind, (right, wrong) in counts.items()}


def measured_archive(vault: Path, expected: Path) -> dict[str, Tally]:
    """The fields of an archive's documents against a table of what is to be read on them.

    Args:
        vault: of an archive that has recognised the files.
        expected: TOML with one ``[[document]]`` a file, as made by `bench.make_samples`.
    """
    table = tomllib.loads(expected.read_text(encoding="utf-8"))["document"]
    wanted = {document["file"]: document for document in table}
    kinds: dict[str, FieldKind] = {"letter_date": "letter_date", "iban": "iban"}
    kinds |= {"reference": "reference", "amount": "total", "recipient": "recipient"}
    counts = {name: [0, 0, 0] for name in kinds}
    for words in sorted(vault.rglob("words.json")):
        receipt = next(words.parents[2].rglob("receipts/*.json"))
        document = wanted.get(json.loads(receipt.read_bytes())["file"])
        if document is None:
            continue
        pages = msgspec.json.decode(words.read_bytes(), type=list[Page])
        read = extract(pages, TODAY, Known(own_names=("Stadt Musterbach",)))
        for name, kind in kinds.items():
            value = str(document.get(name, "")).replace(" ", "" if name == "iban" else " ")
            fact = read.fact(kind)
            counts[name][0] += bool(value)
            if fact is not None and (value or name in ("letter_date", "iban")):
                counts[name][1 if fact.normal == value else 2] += 1
    return {name: Tally(*three) for name, three in counts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--rate", type=float, default=0.03)
    parser.add_argument("--letters", type=Path, help="folder with letters and their texts")
    parser.add_argument("--vault", type=Path, help="of an archive with the sample papers")
    parser.add_argument("--expected", type=Path, help="table of the sample papers")
    asked = history.options(parser, count=100)

    shares: dict[str, float] = {}
    chance = random.Random(asked.seed)
    kinds: tuple[NoiseKind, ...] = ("recognition", "any", "digits")
    rounds = [(asked.rate, kind) for kind in kinds]
    for rate, kind in [*rounds, (0.0, kinds[0])]:
        print(f"noise {rate:.0%} {kind if rate else ''}")
        tallies = {
            "dates": measured_dates(date_strings(asked.count, rate, chance, kind=kind)),
            "references": measured_references(
                reference_strings(asked.count, rate, chance, kind=kind)
            ),
            "accounts": measured_ibans(iban_strings(asked.count, rate, chance, kind=kind)),
        }
        for name, tally in tallies.items():
            print(f"  {name}: {tally}")
            shares[f"{name} {rate:.0%} {kind} recall"] = tally.recall
            shares[f"{name} {rate:.0%} {kind} precision"] = tally.precision
    history.note(asked, "extraction", shares)
    if asked.letters is not None:
        for field, tally in measured_letters(letter_pages(asked.letters)).items():
            print(f"letters, {field}: {tally}")
    if asked.vault is not None and asked.expected is not None:
        for name, tally in measured_archive(asked.vault, asked.expected).items():
            print(f"papers, {name}: {tally}")


if __name__ == "__main__":
    main()
