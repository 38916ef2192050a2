"""What the production install is made of: a CycloneDX SBOM, and third-party licences as a text.

python .ci/sbom.py FOLDER   writes sbom.cdx.json and THIRD_PARTY_LICENSES.txt there. Python's packages are those of
requirements.lock, the front end's those of package-lock.json; licences are read from what is installed, and from
static/vendor/.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
LICENCE = re.compile(r"(?i)^(licen[cs]e|copying|notice)")
ELSEWHERE = "Not installed on this platform: see its project.\n"


def sbom() -> dict[str, Any]:
    """cyclonedx-py's own of the lock file, with licences, and the front end's packages."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--pyproject", "pyproject.toml", "--output-reproducible",
               "--of", "JSON", "requirements.lock"]  # fmt: skip
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    document: dict[str, Any] = json.loads(made)
    for component in document["components"]:
        if (found := installed(component["name"])) is not None:
            component["licenses"] = [{"license": {"name": licence_of(found)}}]
    document["components"] += front_end()
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)):
        raise SystemExit(f"The SBOM is not valid CycloneDX: {str(wrong)[:500]}")
    return document


def front_end() -> list[dict[str, Any]]:
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return [
        {
            "bom-ref": f"npm-{name}", "type": "library", "name": name, "version": package["version"],
            "purl": f"pkg:npm/{name}@{package['version']}", "licenses": [{"license": {"name": package["license"]}}],
            "hashes": [{"alg": "SHA-512", "content": base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()}],
        }
        for path, package in locked.items()
        if (name := path.removeprefix("node_modules/"))
    ]  # fmt: skip


def installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:  # another platform's or Python's
        return None


def licence_of(found: Distribution) -> str:
    """SPDX where the package says it; else its classifier, else the first line of what it says."""
    about = found.metadata
    classifiers = [
        one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License")
    ]
    said = (about.get("License") or "").strip().splitlines()
    return about.get("License-Expression") or ", ".join(classifiers) or (said[0] if said else "not stated")


def texts_of(found: Distribution) -> str:
    files = [file for file in found.files or [] if LICENCE.match(file.name) and ".dist-info" in str(file)]
    texts = [Path(str(found.locate_file(file))).read_text(errors="replace").strip() for file in files]
    return "\n\n".join(texts) or "(The package brings no text of its licence.)"


def licences(document: dict[str, Any]) -> str:
    parts = ["Game day is Apache-2.0. What it is installed with, and under which terms:\n"]
    for component in document["components"]:
        said = ", ".join(one["license"]["name"] for one in component.get("licenses", ())) or "see its project"
        found = None if component["bom-ref"].startswith("npm-") else installed(component["name"])
        vendored = (
            ROOT
            / "static"
            / "vendor"
            / f"{component['name'].removesuffix('.org').replace('uplot', 'uPlot')}.LICENSE"
        )
        text = texts_of(found) if found else vendored.read_text() if vendored.is_file() else ELSEWHERE
        head = f"{component['name']} {component.get('version', '')} ({said})"
        parts.append(f"{'=' * 80}\n{head}\n{'=' * 80}\n{text.strip()}\n")
    return "\n".join(parts)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = sbom()
    (folder / "sbom.cdx.json").write_text(json.dumps(document, indent=2) + "\n")
    (folder / "THIRD_PARTY_LICENSES.txt").write_text(licences(document))
    sys.stdout.write(
        f"{len(document['components'])} packages: {folder}/sbom.cdx.json, {folder}/THIRD_PARTY_LICENSES.txt\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
