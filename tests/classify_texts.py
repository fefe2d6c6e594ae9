"""Invented papers of four classes for the tests of classification."""

from __future__ import annotations

from random import Random

from archiver.classify.examples import Example
from archiver.config import RecordClass

WORDS = {
    "dog_tax": "hund rüde steuermarke halter chipnummer rasse wurf leine tierheim welpe",
    "building": "dachstuhl grundstück statik bauherr estrich abstand lageplan giebel keller",
    "leave": "urlaub vertretung arbeitstage resturlaub amtsleitung genehmigt tarif dienststelle",
    "invoice": "netto umsatzsteuer lieferung menge einzelpreis zahlbar skonto bankverbindung",
}
TITLES = {
    "dog_tax": "Anmeldung zur Hundesteuer",
    "building": "Antrag auf Baugenehmigung",
    "leave": "Urlaubsantrag",
    "invoice": "Rechnung",
}
COMMON = ("die", "der", "stadt", "und", "am", "für", "mit", "bitte", "wird", "nach", "auf", "den")

FRENCH = """Mairie de Sainte-Colombe
Service de l'urbanisme

Objet : votre demande de renseignements du 3 mai

Madame, Monsieur,

nous accusons réception de votre courrier et vous informons que le dossier sera examiné
par la commission lors de sa prochaine réunion. Veuillez agréer nos salutations distinguées.
"""

PLAN = tuple(RecordClass(key=key, words=(title,)) for key, title in TITLES.items())


def paper(key: str, number: int, titled: bool = True) -> str:
    """A paper of a class; the number decides its words."""
    chance = Random(f"{key} {number}")
    own = WORDS[key].split()
    body = [chance.choice(own if chance.random() < 0.4 else COMMON) for _ in range(60)]
    head = f"{TITLES[key]}\n\n" if titled else ""
    return (
        f"{head}Stadt Musterbach\nMusterbach, den {1 + number % 28}. Mai 2024\n{' '.join(body)}\n"
    )


def examples(per_class: int, start: int = 0) -> list[Example]:
    """Examples of all classes, mixed."""
    return [
        Example(paper(key, number), key, id=f"{key}{number}")
        for number in range(start, start + per_class)
        for key in WORDS
    ]
