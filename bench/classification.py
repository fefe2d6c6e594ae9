"""How well documents are classified, beside a peer's design, and what many examples cost.

Promises figures that can be made again: splits, noise and generated texts depend on seeds alone.

    python -m bench.classification [--corpus FILE] [--plan PLAN] [--per-class N] [--noise P]
                                   [--examples N] [--short]

Without a corpus it is that of types of council papers. In the end so many generated examples are
fitted in the background process, to see what that costs.

The peer is the classifier of paperless-ngx rebuilt: counts of stemmed words and word pairs that
stand in 1 % of the documents or more, and a neural net (one hidden layer of 100), which always
answers.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from archiver.classify.background import fit_in_background
from archiver.classify.evaluation import SEEDS, evaluate, split
from archiver.classify.examples import Example, read
from archiver.classify.noise import noisy
from archiver.config import filing_plan
from archiver.search.german import fold
from archiver.search.stemmer import stem
from bench import corpora, history

_PLAN = Path(__file__).resolve().parents[1] / "tests" / "plans" / "council.toml"
_WORD = re.compile(r"\w+")
Ask = Callable[[Sequence[str]], Sequence[str]]


def stemmed(text: str) -> str:
    """All words, folded and cut to their stems."""
    return " ".join(stem(fold(word)) for word in _WORD.findall(text.lower()))


def peer(taught: Sequence[Example], seed: int) -> Ask:
    """Fit the peer's design; returns what answers texts with classes."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.neural_network import MLPClassifier

    counter = CountVectorizer(ngram_range=(1, 2), min_df=0.01)
    counts = counter.fit_transform(stemmed(example.text) for example in taught)
    net = MLPClassifier(tol=0.01, random_state=seed)
    net.fit(counts, [example.record_class for example in taught])

    def ask(texts: Sequence[str]) -> Sequence[str]:
        answers: Sequence[str] = net.predict(counter.transform(map(stemmed, texts))).tolist()
        return answers

    return ask


def peer_accuracy(
    examples: Sequence[Example], per_class: int | None, noise: float, seeds: Sequence[int]
) -> float:
    """Mean accuracy of the peer on the splits and the noise of `evaluate`."""
    shares = []
    for seed in seeds:
        taught, asked = split(examples, None, per_class, seed)
        ask = peer(taught, seed)
        texts = [noisy(e.text, noise, f"{seed} {e.id or n}") for n, e in enumerate(asked)]
        answers = zip(ask(texts), asked, strict=True)
        shares.append(mean(answer == example.record_class for answer, example in answers))
    return round(mean(shares), 4)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    examples = list(read(options.corpus))[:: options.every]
    plan = filing_plan(options.plan)
    seeds = SEEDS[: options.seeds]
    ours = evaluate(
        examples, per_class=options.per_class, noise=options.noise, seeds=seeds, plan=plan
    )
    return {
        "examples": len(examples),
        "per_class": options.per_class,
        "noise": options.noise,
        "accuracy": ours.accuracy,
        "macro_f1": ours.macro_f1,
        "alone_coverage": ours.coverage,
        "alone_precision": ours.precision,
        "model_accuracy": ours.model_accuracy,
        "rules_coverage": ours.rules_coverage,
        "rules_precision": ours.rules_precision,
        "peer_accuracy": peer_accuracy(examples, options.per_class, options.noise, seeds),
    }


def generated(number: int, file: Path, classes: int = 30, words: int = 600, seed: int = 1) -> None:
    """Write examples of invented words, as common and as rare as those of a language.

    Args:
        number: of examples, in chronological order.
        file: JSON lines.
        classes: of the examples; each has words of its own, three in a hundred of its text.
        words: of each text.
        seed: decides all.
    """
    import numpy as np

    chance = np.random.default_rng(seed)
    syllables = [a + b for a in "bdfgklmnprstvw" for b in ("a", "e", "i", "o", "u", "en", "er")]
    with file.open("w", encoding="utf-8") as target:
        for place in range(number):
            kind = int(chance.integers(classes))
            ranks = chance.zipf(1.25, words) % 300_000
            own = chance.random(words) < 0.03
            ranks[own] = 300_000 + 200 * kind + chance.integers(200, size=int(own.sum()))
            text = " ".join(_spelled(rank, syllables) for rank in ranks.tolist())
            row = {"id": str(place), "class": f"class{kind:02d}", "text": text}
            target.write(json.dumps(row) + "\n")


def _spelled(rank: int, syllables: Sequence[str]) -> str:
    word = syllables[rank % len(syllables)]
    while rank := rank // len(syllables):
        word += syllables[rank % len(syllables)]
    return word


def many(options: argparse.Namespace) -> dict[str, Any]:
    """Fit generated examples in the background process and see what it took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "examples.jsonl")
        generated(options.examples, file)
        begin = time.monotonic()
        fitted = fit_in_background(file, Path(folder, "model")).result()
        wall = time.monotonic() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(p.stat().st_size for p in Path(folder, "model").rglob("*.npy"))
        return {
            "examples": options.examples,
            "example_mib": file.stat().st_size >> 20,
            "wall_s": round(wall, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "peak_rss_mib": used.ru_maxrss >> 10,
            "model_mib": size >> 20,
            "held_out": fitted.figures.held_out,
            "model_accuracy": fitted.figures.model_accuracy,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    corpus = corpora.FOLDER / "council-papers" / "by-type.jsonl.gz"
    parser.add_argument("--corpus", type=Path, default=corpus)
    parser.add_argument("--plan", type=Path, default=_PLAN)
    parser.add_argument("--per-class", type=int, default=5)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--every", type=int, default=1, help="only each so-manieth paper")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--examples", type=int, default=100_000, help="to be fitted in the end")
    options = history.options(parser, every=20, seeds=1, examples=60)
    result = compare(options)
    print(json.dumps({"compared": result, "many": many(options)}, indent=2))
    shares = {"archiver/peer": result["accuracy"] / result["peer_accuracy"]}
    history.note(options, "classification", shares | {"accuracy": result["accuracy"]})


if __name__ == "__main__":
    main()
