"""`python -m bench [PART…]`: figures, side by side in one run. Without a part: all of them."""

from __future__ import annotations

import argparse

PARTS = ["runs", "rollback", "watching", "weight", "commands", "scraping", "schedules"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them when none is named")
    parser.add_argument("--times", type=int, default=15, help="repetitions (default: 15)")
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        module = __import__(f"bench.{part}", fromlist=["measure"])
        module.measure(chosen.times)


if __name__ == "__main__":
    main()
