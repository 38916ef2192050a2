"""The deployed function before its first message: one warm container, and proof that it runs at all."""

from __future__ import annotations

import json

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable
from app.sandbox.clients import Clients
from app.sandbox.names import FUNCTION
from app.sandbox.variants import live_variant

NOTHING_TO_DO = json.dumps({"Records": []})


def warm(clients: Clients) -> str:
    """Invoke it with an empty batch; the variant that answered.

    Otherwise the first seconds of traffic would start a dozen containers at once, and each take long.
    Unavailable where the function fails.
    """
    try:
        answer = clients("lambda").invoke(FunctionName=FUNCTION, Payload=NOTHING_TO_DO)
        if "FunctionError" in answer:
            raise Unavailable(f"The example's function fails: {answer['Payload'].read().decode()}")
        return live_variant(clients)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"The example's function does not answer: {error}") from error
