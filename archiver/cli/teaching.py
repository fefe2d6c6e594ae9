"""Commands about learning: learn takes examples in, evaluate says how good the answers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from archiver.cli import desk
from archiver.errors import UsageFault
from archiver.naming import class_short
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.classify.evaluation import Evaluation
    from archiver.config import RecordClass

_FILE = click.Path(path_type=Path, dir_okay=False)
_MOST_SHOWN = 10  # classes that the filing plan does not have


@click.command(
    cls=desk.Command,
    short_help=tr("Learn from documents whose class is known."),
    help=tr(
        "Learn from documents whose class is known, e.g. those of an older system: JSON lines with"
        ' "text" and "class", plain or gzipped. The model follows in the background.'
        "\n\nExample: archiver learn old_archive.jsonl.gz --map RECH=invoice --wait"
    ),
)
@click.argument("file", type=_FILE)
@click.option(
    "--map",
    "renamed",
    multiple=True,
    metavar="OLD=NEW",
    type=desk.text,
    help=tr("Take class OLD for class NEW; may be given several times."),
)
@click.option("--wait", is_flag=True, help=tr("Wait for the model, then tell its figures."))
@desk.json_option
@click.pass_context
def learn(
    context: click.Context, file: Path, renamed: tuple[str, ...], wait: bool, json_: bool
) -> None:
    """Learn from a file of examples."""
    import tempfile

    config = desk.configured(context)
    names = _mapping(renamed)
    with tempfile.TemporaryFile() as copy:
        classes = _rewritten(file, names, copy)
        with desk.archive(config, writes=True) as archive:
            answer: dict[str, Any] = archive.examples.learn(copy, wait)
    known = {record_class.key for record_class in config.classes}
    answer["classes"] = dict(sorted(classes.items()))
    answer["unknown"] = {key: classes[key] for key in sorted(classes) if key not in known}
    if json_:
        desk.as_json(answer)
    else:
        _print_lesson(answer, wait)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    """The older system's classes and ours, from ``OLD=NEW``."""
    names = {}
    for pair in pairs:
        old, equals, new = pair.rpartition("=")
        if not (old and equals and new):
            raise UsageFault("bad_mapping", given=pair)
        names[old] = new
    return names


def _rewritten(file: Path, names: dict[str, str], copy: IO[bytes]) -> Counter[str]:
    """Read examples, write them under our classes; returns the examples of each class.

    All are read before the archive is asked, so that a bad line adds nothing.
    """
    import msgspec

    from archiver.classify.examples import line_of, read

    counts: Counter[str] = Counter()
    for example in read(file):
        key = names.get(example.record_class, example.record_class)
        copy.write(line_of(msgspec.structs.replace(example, record_class=key)))
        counts[key] += 1
    copy.flush()
    copy.seek(0)
    return counts


def _print_lesson(answer: dict[str, Any], wait: bool) -> None:
    line = tr("Examples taken in: {count}, classes: {classes}.")
    desk.say(line.format(count=answer["examples"], classes=len(answer["classes"])))
    if answer["unknown"]:
        desk.say(tr("The filing plan does not have these classes:"), fg="yellow", err=True)
        for key, count in list(answer["unknown"].items())[:_MOST_SHOWN]:
            desk.say(f"  {key}  {count}", err=True)
        if (more := len(answer["unknown"]) - _MOST_SHOWN) > 0:
            desk.say("  " + tr("and {count} more").format(count=more), err=True)
        advice = tr("Name them in filingplan.toml, or give --map OLD=NEW when you learn.")
        desk.say(advice, err=True)
    figures = answer["figures"]
    if figures is None:
        told = tr("Too little to learn from yet.") if wait else tr("The model follows.")
        desk.say(told)
        return
    line = tr("Model {version} knows examples: {examples}, classes: {classes}.")
    desk.say(
        line.format(
            version=answer["model"],
            examples=figures["examples"],
            classes=len(figures["classes"]),
        )
    )
    if figures["held_out"]:
        line = tr("Examples held out: {count}; right {right}; filed alone {alone}, of these {of}.")
        desk.say(
            line.format(
                count=figures["held_out"],
                right=_percent(figures["accuracy"]),
                alone=_percent(figures["coverage"]),
                of=_percent(figures["precision"]),
            )
        )


@click.command(
    cls=desk.Command,
    short_help=tr("Measure how good rules and model are."),
    help=tr(
        "Measure how good rules and model are on examples that they have not seen; nothing of the"
        " archive is read or changed. Without --train, examples are split at random."
        "\n\nExample: archiver evaluate old_archive.jsonl --per-class 20 --picture confusion.png"
    ),
)
@click.argument("file", type=_FILE)
@click.option("--train", type=_FILE, help=tr("Learn from this file, ask the other one."))
@click.option(
    "--per-class",
    type=click.IntRange(min=0),
    metavar="N",
    help=tr("Examples of each class to learn from; 0: rules alone."),
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 1),
    metavar="P",
    default=0.0,
    help=tr("Share of characters to damage in the texts asked, e.g. 0.05."),
)
@click.option("--plan", type=_FILE, help=tr("Filing plan; else the archive's own."))
@click.option("--no-plan", is_flag=True, help=tr("No rules: the model alone."))
@click.option("--picture", type=_FILE, help=tr("Write the confusion matrix to this PNG."))
@click.option(
    "--seeds",
    type=click.IntRange(min=1, max=100),
    metavar="N",
    default=3,
    show_default=True,
    help=tr("Number of splits to measure."),
)
@desk.json_option
@click.pass_context
def evaluate(
    context: click.Context,
    file: Path,
    train: Path | None,
    per_class: int | None,
    noise: float,
    plan: Path | None,
    no_plan: bool,
    picture: Path | None,
    seeds: int,
    json_: bool,
) -> None:
    """Measure rules and model on a file of examples."""
    import gc

    from archiver.classify.evaluation import evaluate as measured
    from archiver.classify.examples import read

    gc.enable()  # this one works for a while
    classes = () if no_plan else _plan(context, plan)
    _check_free(picture)
    examples = list(read(file))
    result = measured(
        examples,
        list(read(train)) if train else None,
        per_class=per_class,
        noise=noise,
        seeds=range(1, seeds + 1),
        plan=classes,
        progress=desk.Progress(tr("measuring")),
    )
    if json_:
        import msgspec

        desk.as_json(msgspec.to_builtins(result))
    else:
        _print_evaluation(result, len(examples))
    if picture is not None:
        _draw(result, picture)


def _plan(context: click.Context, plan: Path | None) -> tuple[RecordClass, ...]:
    """The plan that is named, else that of the archive."""
    if plan is None:
        return desk.configured(context).classes
    from archiver.config import filing_plan

    return filing_plan(plan)


def _print_evaluation(result: Evaluation, examples: int) -> None:
    from archiver.classify.measures import summed

    runs = [run.together for run in result.runs]
    line = tr(
        "Examples: {examples}; splits: {runs}; learned from {taught}, asked {asked} each time."
    )
    first = result.runs[0]
    desk.say(
        line.format(
            examples=examples, runs=len(runs), taught=first.training, asked=runs[0].documents
        )
    )
    rows = [
        (tr("Right"), _percent(result.accuracy)),
        (tr("Macro F1"), _percent(result.macro_f1)),
        (tr("Filed alone"), _percent(result.coverage)),
        (tr("… of these right"), _percent(result.precision)),
        (tr("Model alone right"), _percent(result.model_accuracy)),
        (tr("Rules speak"), _percent(result.rules_coverage)),
        (tr("… of these right"), _percent(result.rules_precision)),
    ]
    width = max(len(label) for label, _value in rows)
    for label, value in rows:
        desk.say(desk.styled(label.ljust(width), fg="cyan"), f"  {value:>7}")
    by_class = summed(runs)
    names = {key: class_short(key) for key in by_class}
    width = max(map(len, names.values()))
    heads = (tr("Documents"), tr("Precision"), tr("Recall"), "F1")
    desk.say()
    desk.say(f"{tr('Class').ljust(width)}{''.join(f'{h:>15}' for h in heads)}", bold=True)
    for key, one in by_class.items():
        shares = (one.precision, one.recall, one.f1)
        cells = [f"{one.documents:>15}", *(f"{_percent(share):>15}" for share in shares)]
        desk.say(f"{names[key].ljust(width)}{''.join(cells)}")


def _percent(share: float | None) -> str:
    """A share as people read it: 94.3 %, in German 94,3 %; a dash where there is none."""
    if share is None:
        return "–"
    whole, tenth = f"{100 * share:.1f}".split(".")
    return tr("{whole}.{tenth} %").format(whole=whole, tenth=tenth)


def _check_free(picture: Path | None) -> None:
    """Refuse before the work is done, not after it."""
    if picture is not None and picture.exists():
        raise desk.output_exists(picture)


def _draw(result: Evaluation, picture: Path) -> None:
    from archiver.classify.confusion import draw

    labels = (tr("What it is"), tr("What was said"))
    desk.write_new(picture, lambda sink: draw([run.together for run in result.runs], sink, labels))


COMMANDS: dict[str, click.Command] = {
    "learn": learn,
    "evaluate": evaluate,
}
