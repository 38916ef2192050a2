"""`python -m app.sandbox.emulator --port 4566 --speed 10 --data FOLDER`."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from app.sandbox.emulator.server import REGION, Options, serve


def main() -> None:
    options = _options()
    try:
        serve(options)
    finally:
        _end_workers()
    logging.shutdown()
    # Not sys.exit: a Lambda that still runs would hold the interpreter until its timeout.
    os._exit(0)


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m app.sandbox.emulator")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--speed", type=int, choices=(1, 5, 10), default=1)
    parser.add_argument("--data", type=Path, required=True, help="folder for temporary files")
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--node-options-require", type=Path, help="script that Node.js workers load first")
    read = parser.parse_args()
    return Options(
        port=read.port,
        speed=read.speed,
        data=read.data.resolve(),
        node_options_require=read.node_options_require,
        region=read.region,
    )


def _end_workers() -> None:
    from ministack.core import lambda_runtime  # noqa: PLC0415  reads the environment when imported

    lambda_runtime.reset()


if __name__ == "__main__":
    main()
