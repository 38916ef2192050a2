"""The pages: every command has its row, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app.cli import gameday
from app.settings import channels_toml, gameday_toml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = (ROOT / "docs" / "reference.md").read_text()


@pytest.mark.parametrize("name", sorted(gameday.commands))
def test_every_command_is_in_the_reference(name: str) -> None:
    rows = [line for line in REFERENCE.splitlines() if line.startswith("| `gameday ")]
    assert any(name in re.split(r"[\s|\\`]+", row.split(" | ")[0]) for row in rows), f"gameday {name}"


SUBCOMMANDS = [
    (name, one)
    for name, command in gameday.commands.items()
    if isinstance(command, click.Group)
    for one in command.commands
]


@pytest.mark.parametrize(("group", "name"), SUBCOMMANDS)
def test_every_command_of_a_group_is_in_the_reference(group: str, name: str) -> None:
    rows = [line for line in REFERENCE.splitlines() if line.startswith("| `gameday ")]
    assert any({group, name} <= set(re.split(r"[\s|\\`,\[\]]+", row)) for row in rows)


SETTINGS = {*gameday_toml.KNOWN_HERE, *gameday_toml.KNOWN_THERE, *gameday_toml.PRICES, *channels_toml.KNOWN}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_in_the_reference_or_on_a_page_that_it_links(name: str) -> None:
    linked = [ROOT / "docs" / link for link in re.findall(r"\]\(([\w/-]+\.md)", REFERENCE)]
    pages = [REFERENCE, *(page.read_text() for page in linked)]
    assert any(re.search(rf"(`|^|\[|\.){name}\b", page, re.MULTILINE) for page in pages)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    broken = [link for link in links if not re.match(r"\w+:", link) and not (page.parent / link).exists()]
    assert broken == []
    assert not re.findall(r"^(?:<<<<<<<|>>>>>>>) ", page.read_text(), re.MULTILINE)


def test_every_page_can_be_reached_from_the_readme_or_the_reference() -> None:
    linked = (ROOT / "README.md").read_text() + REFERENCE
    lost = [page.name for page in (ROOT / "docs" / "how-to").glob("*.md") if page.name not in linked]
    assert lost == []


def test_every_room_is_in_the_list_of_rooms_and_no_other() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    (listed,) = re.findall(r"^```\n(cli .*?)^```$", page, re.MULTILINE | re.DOTALL)
    told = re.findall(r"(?:^| · )(\w+)  ?", listed, re.MULTILINE)
    there = {one.stem for one in (ROOT / "app").iterdir() if one.is_dir() or one.suffix == ".py"}
    assert sorted(told) == sorted(there - {"__init__", "__pycache__", "child"})
    assert "starts child" in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_blank_line_cuts_rows_off_a_table(page: Path) -> None:
    lines = ["", *page.read_text().splitlines(), ""]
    first = [i for i, line in enumerate(lines) if line.startswith("|") and not lines[i - 1].startswith("|")]
    assert [lines[i] for i in first if not re.fullmatch(r"[|\s:-]+", lines[i + 1])] == []
