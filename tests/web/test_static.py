"""Files that pages load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.errors import SettingsError
from app.web import static


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline() -> None:
    for template in static.TEMPLATES.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"https?://", text), template
        if template.parent.name == "reports":
            continue  # documents, which bring their style, and the policy that allows it: see tests/reports
        assert not re.search(r"\son\w+=|\sstyle=|<style|hx-on", text), template
        scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", text)
        assert scripts == [], template
    for sheet in (static.FOLDER / "css").rglob("*.css"):
        assert "url(" not in sheet.read_text(), sheet


def test_an_address_changes_with_the_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    (tmp_path / "a.css").write_text("a {}")
    before = static.asset("a.css")
    (tmp_path / "a.css").write_text("a { }  ")
    assert static.asset("a.css") != before


def test_missing_scripts_are_said_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    with pytest.raises(SettingsError, match=r"hatch_build\.py"):
        static.require_vendor()


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


PAIRS = [
    (ink, paper)
    for ink in ("ink", "ink-2", "ink-3", "ok", "bad", "armed", "accent")
    for paper in ("paper", "card")
] + [("ok", "ok-soft"), ("bad", "bad-soft"), ("armed", "armed-soft"), ("ink", "bad-soft"), ("ink", "armed-soft"),
     ("bad-ink", "bad"), ("accent-ink", "accent"), ("bad", "armed-soft")]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_text_has_the_contrast_of_wcag_aa(ink: str, paper: str, theme: int) -> None:
    tokens = (static.FOLDER / "css" / "tokens.css").read_text()
    colours = {m[1]: (m[2], m[3]) for m in re.finditer(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", tokens)}
    light, dark = sorted((_luminance(colours[name][theme]) for name in (ink, paper)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
