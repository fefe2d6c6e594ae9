"""The locks are complete, so that they install without a resolver, today and in ten years."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import pins

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": [], "requirements-dev.lock": ["dev"]}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def read(lock: str) -> list[Requirement]:
    return pins.pins((ROOT / lock).read_text(encoding="utf-8"))


def on(python: str, machine: str = "x86_64") -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
    }


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_of_every_package_is_met_by_a_pin(lock, python, machine):
    assert list(pins.gaps(pins.own(LOCKS[lock]), read(lock), on(python, machine))) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_is_missed_when_it_is_taken_away(lock):
    """Not one of them may be forgotten, and none is there that nobody needs."""
    whole, wanted = read(lock), pins.own(LOCKS[lock])
    kept = {
        pin.name
        for pin in whole
        if pin.marker is None
        and not list(pins.gaps(wanted, [p for p in whole if p.name != pin.name], on("3.11")))
    }
    assert kept == set()


def test_an_extra_brings_requirements_of_its_own():
    """A lock names packages without their extras, which may want more than the package does."""
    short = [pin for pin in read("requirements-dev.lock") if pin.name != "jsonschema"]
    assert list(pins.gaps([Requirement("pikepdf>=10")], short, on("3.11"))) == []
    (told,) = pins.gaps([Requirement("pikepdf[pdfa]>=10")], short, on("3.11"))
    assert "requires jsonschema" in told


def test_a_pin_of_the_wrong_version_is_told():
    other = [pin for pin in read("requirements.lock") if pin.name != "click"]
    other.append(Requirement("click==7.0"))
    told = list(pins.gaps(pins.own([]), other, on("3.11")))
    assert "pyproject.toml requires click>=8.4, and the lock pins click==7.0" in told


def test_what_comes_as_sources_is_built_with_pinned_tools():
    names = {pin.name for pin in read("requirements-build.lock")}
    assert {"setuptools", "setuptools-scm", "vcs-versioning", "packaging"} <= names


def test_the_locks_agree():
    """What is shipped is what was tested."""
    tested = {str(pin) for pin in read("requirements-dev.lock")}
    assert {str(pin) for pin in read("requirements.lock")} <= tested
