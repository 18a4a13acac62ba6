"""What tests of guided pipelines ask: is all as it was, and what does a call in another thread give?"""

from __future__ import annotations

import threading


def is_as_before(pipe):
    touched = [name for name, module in pipe.transformer.named_modules() if "forward" in vars(module)]
    return not touched and type(pipe).__mro__[1].__name__ == "DiffusionPipeline"


def in_thread(work):
    """Run in another thread; returns what it returned or raised."""
    result = []

    def run():
        try:
            result.append(work())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=600)  # against a deadlock alone
    return result[0]
