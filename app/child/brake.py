"""Ending the experiment early: at most once, and never once its rollbacks have begun.

Any signal during a rollback makes Chaos Toolkit drop the remaining ones and leaves the fault armed. Its own
handlers are replaced, so that whoever sends the signal, and however often, that cannot happen.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import chaoslib.exit
import chaoslib.run

STOPS = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)
AGAIN = 0.05  # seconds
LEAVE_WITH_ROLLBACKS = 20  # Chaos Toolkit's own exit code of SIGUSR1


class Brake:
    def __init__(self) -> None:
        self._used = False
        self._over = False
        self._lock = threading.Lock()
        self._sent = False

    def install(self) -> None:
        """Take the signals over, from the first instruction of the child to its last."""
        for number in STOPS:
            signal.signal(number, self._on_signal)
        self._make_sure_of_delivery()
        # What Chaos Toolkit installs while a run is on; SIGUSR2 ("no rollbacks") goes the same way.
        chaoslib.exit._leave_now = self._on_signal  # noqa: SLF001  its only seam
        chaoslib.exit._terminate_now = self._on_signal  # noqa: SLF001
        signal.signal(signal.SIGUSR2, self._on_signal)
        self._close_when_the_method_is_over()

    def pull(self) -> None:
        """End the experiment from any thread of this process."""
        with self._lock:
            if self._sent:
                return
            self._sent = True
        os.kill(os.getpid(), signal.SIGUSR1)

    def close(self) -> None:
        """From here on rollbacks may play: signals change nothing any more."""
        self._over = True

    def _on_signal(self, number: int, frame: FrameType | None = None) -> None:
        del number, frame
        if self._used or self._over:
            return
        self._used = True
        raise SystemExit(LEAVE_WITH_ROLLBACKS)

    def _make_sure_of_delivery(self) -> None:
        """Python sees a signal between two bytecodes: one that comes just before a blocking call waits for its end.

        So a thread hears of each signal through a pipe, and repeats it until the main thread has seen it.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        main = threading.main_thread().ident or 0

        def repeat() -> None:
            while number := os.read(heard, 1)[0]:
                time.sleep(AGAIN)
                if number in STOPS and not self._used and not self._over:
                    signal.pthread_kill(main, number)

        threading.Thread(target=repeat, name="brake", daemon=True).start()

    def _close_when_the_method_is_over(self) -> None:
        """Between the method and its rollbacks Chaos Toolkit shuts this pool down, and nothing guards it there."""
        brake = self

        class LastGate(ThreadPoolExecutor):
            def shutdown(self, *args: Any, **options: Any) -> None:
                brake.close()
                super().shutdown(*args, **options)

        chaoslib.run.get_hypothesis_pool = lambda: LastGate(max_workers=1)
