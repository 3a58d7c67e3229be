"""Values of a YAML document, each with the place where it stands, for errors that name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from ..model import Size

_AMOUNT_LIMIT_USD = 1_000_000
_AMOUNT_PLACES = 12
"""With these limits any amount times any token count stays exact in decimal's 28 digits."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document and where it stands."""

    where: str
    value: object
    quoted: bool = True
    """Whether amounts and dates must be quoted text; else YAML's own types are taken too."""

    def error(self, wanted: str) -> ValueError:
        """Return the error for a value that is not what was wanted."""
        return ValueError(f"{self.where}: expected {wanted}, found {self.value!r:.80}")

    def mapping(self) -> dict[str, Node]:
        """Read a mapping with at least one key."""
        if not isinstance(self.value, Mapping) or not self.value:
            raise self.error("a mapping")
        for key in self.value:
            if not isinstance(key, str):
                raise self.error(f"text as the key {key!r} (quote it)")
        return {key: self._below(f": {key}", value) for key, value in self.value.items()}

    def fields(self, *names: str, optional: Sequence[str] = ()) -> dict[str, Node]:
        """Read a mapping that has exactly these keys, and maybe the optional ones."""
        found = self.mapping()
        if not set(names) <= found.keys() <= {*names, *optional}:
            maybe = f" (and {', '.join(optional)} where it has them)" if optional else ""
            raise self.error(f"the fields {', '.join(names)}{maybe}")
        return found

    def some_fields(self, *names: str) -> dict[str, Node]:
        """Read a mapping that has some of these keys."""
        found = self.mapping()
        for key in found:
            if key not in names:
                raise replace(self, value=key).error(f"one of the fields {', '.join(names)}")
        return found

    def items(self) -> list[Node]:
        """Read a list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [self._below(f"[{i}]", item) for i, item in enumerate(self.value)]

    def text(self) -> str:
        """Read text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.error("text (quote it)")
        return self.value

    def whole(self) -> int:
        """Read a whole number above 0."""
        if type(self.value) is not int or self.value <= 0:
            raise self.error("a whole number above 0")
        return self.value

    def amount(self) -> Decimal:
        """Read USD. A float counts as the shortest text that means it: 0.1 is a tenth."""
        usd = self._number()
        if usd is None or usd < 0:
            raise self.error("an amount in USD")
        if usd >= _AMOUNT_LIMIT_USD or usd != round(usd, _AMOUNT_PLACES):
            raise self.error(
                f"an amount in USD below {_AMOUNT_LIMIT_USD:,} with at most {_AMOUNT_PLACES} "
                "decimal places"
            )
        return usd

    def factor(self) -> Decimal:
        """Read a factor above 0 and up to 1."""
        factor = self._number()
        if factor is None or not 0 < factor <= 1 or factor != round(factor, _AMOUNT_PLACES):
            raise self.error("a factor above 0 and up to 1, such as 0.5")
        return factor

    def date(self) -> date:
        """Read a day."""
        if not self.quoted and type(self.value) is date:
            return self.value
        text = self.text()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise self.error("a date such as 2026-12-01") from None
        if day.isoformat() != text:  # other ISO forms, such as 20261201, are read too
            raise self.error("a date such as 2026-12-01")
        return day

    def size(self) -> Size:
        """Read a picture's size."""
        try:
            return Size.parse(self.text())
        except ValueError:
            raise self.error("a size such as 1536x1024") from None

    def _below(self, where: str, value: object) -> Node:
        return Node(self.where + where, value, self.quoted)

    def _number(self) -> Decimal | None:
        """Read a finite number, `None` where it is none."""
        if self.quoted:
            self.text()
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            return None
        try:
            number = Decimal(str(self.value))
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
