"""How much is tried: a little by itself, more with IMAGEGEN_FUZZ=5000."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def examples(few: int) -> settings:
    """Return the settings of a test that tries so many examples, or as many as IMAGEGEN_FUZZ says.

    The folder that a test's fixtures prepare is shared by its examples, which copy it.
    """
    return settings(
        max_examples=int(os.environ.get("IMAGEGEN_FUZZ", few)),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
