"""The option `budget:`, as walls."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ..errors import SettingsError
from ..settings import Budget


def make_budget(option: float | dict[str, object] | None) -> Budget:
    """Return the walls of a bare number, which is `per_build`, or of a mapping.

    Raises:
        SettingsError: an amount is none, or there is no wall of that name.
    """
    walls = option if isinstance(option, dict) else {"per_build": option}
    for key, value in walls.items():
        if key not in ("per_build", "per_month", "max_images"):
            raise SettingsError(
                f"imagegen: budget: there is no wall named {key}",
                hint="the walls are per_build and per_month (USD), and max_images",
            )
        if value is None:  # as of `!ENV [MAX_USD]` where nobody set that
            where = f"budget: {key}" if isinstance(option, dict) else "budget"
            raise SettingsError(
                f"imagegen: {where} has no value, so there would be no wall",
                hint="write a number; with !ENV also as a default: !ENV [MAX_USD, 0.50]",
            )
    images = walls.get("max_images", Budget().max_images)
    if isinstance(images, bool) or not isinstance(images, int) or images < 0:
        raise SettingsError(
            f"imagegen: budget: max_images is {images!r}", hint="set it to a whole number from 0"
        )
    usd = {key: _usd(key, walls[key]) for key in ("per_build", "per_month") if key in walls}
    return Budget(usd.get("per_build"), images, usd.get("per_month"))


def _usd(wall: str, value: object) -> Decimal:
    try:
        usd = Decimal(str(value))  # the digits of mkdocs.yml, not the float that YAML made of them
    except InvalidOperation:
        usd = Decimal("NaN")
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise SettingsError(
            f"imagegen: budget: {wall} is {value!r}",
            hint=f"set it to an amount in USD, as in `budget: {{{wall}: 0.50}}`",
        )
    return usd
