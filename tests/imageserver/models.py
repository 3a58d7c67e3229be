"""The models on sale: what each takes, and what a token costs. As of 2026-11-22."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from . import tokens

Family = Literal["1.x", "2", "2.5", "2.6"]

QUALITIES: Mapping[Family, tuple[str, ...]] = {
    "1.x": ("low", "medium", "high"),
    "2": ("low", "medium", "high"),
    "2.5": ("low", "medium", "high", "xhigh", "max"),
    "2.6": ("low", "medium", "high", "xhigh", "max"),
}


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Prices are micro-dollars for a token."""

    id: str
    family: Family
    output_micro_usd: int = 30
    text_micro_usd: int = 5
    shutdown_date: str | None = None
    """ISO date, where one is announced."""

    @property
    def qualities(self) -> tuple[str, ...]:
        """The qualities it takes, besides `auto`."""
        return QUALITIES[self.family]

    def output_tokens(self, quality: str, width: int, height: int) -> int:
        """Return one picture's output tokens. Size and quality must be ones it takes."""
        match self.family:
            case "1.x":
                return tokens.FIXED[width, height][quality]
            case "2":
                return tokens.by_factor(tokens.FACTORS_2[quality], width, height)
            case "2.5":
                return tokens.by_factor(tokens.FACTORS_2_5[quality], width, height)
            case "2.6":
                return tokens.by_invention(quality, width, height)


_LAST_DAY_OF_1 = "2026-12-01"

MODELS: Mapping[str, Model] = {
    model.id: model
    for model in (
        Model("gpt-image-2.6-flare", "2.6"),
        Model("gpt-image-2.6-sunburst", "2.6"),
        Model("gpt-image-2.5-flare", "2.5"),
        Model("gpt-image-2.5-flare-2026-09-08", "2.5"),
        Model("gpt-image-2.5-sunburst", "2.5"),
        Model("gpt-image-2.5-sunburst-2026-09-08", "2.5"),
        Model("gpt-image-2", "2"),
        Model("gpt-image-2-2026-04-21", "2"),
        Model("gpt-image-1.5", "1.x", output_micro_usd=32, shutdown_date=_LAST_DAY_OF_1),
        Model("chatgpt-image-latest", "1.x", output_micro_usd=32, shutdown_date=_LAST_DAY_OF_1),
        Model(
            "gpt-image-1-mini",
            "1.x",
            output_micro_usd=8,
            text_micro_usd=2,
            shutdown_date=_LAST_DAY_OF_1,
        ),
    )
}
"""By id. gpt-image-1 and the dall-e models are shut down, and so are not here."""
