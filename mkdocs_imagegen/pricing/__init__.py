"""What a request costs before it is sent, and what sizes and qualities models take. Pure.

Reads no file, clock or network: the caller passes the YAML text. Money is Decimal. Start with
`book`: PriceBook answers every question. It stands on

    rows     a model's row, and how the YAML is read
    sizes    which sizes a model takes, and the nearest one
    tokens   how many tokens a picture and a prompt are
    amounts  money, exact and as it is shown
"""

from .amounts import micro_usd, usd_text
from .book import PriceBook

__all__ = ["PriceBook", "micro_usd", "usd_text"]
