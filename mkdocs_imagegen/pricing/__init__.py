"""What a request costs before it is sent, and what sizes and qualities models take. Pure.

Reads no file, clock or network: the caller passes the YAML text, and what counts tokens. Money is
Decimal. Start with `book`: PriceBook answers every question. It stands on

    rows       a model's row, and how the package's YAML is read
    own_rows   a site's own rows, from `prices:`
    nodes      values of YAML, with the place where they stand
    sizes      which sizes a model takes, and the nearest one
    tokens     how many tokens a picture and a prompt are
    tokenizer  the extra `tokens`: a prompt's tokens counted offline
    amounts    money, exact and as it is shown
"""

from .amounts import micro_usd, usd_text
from .book import PriceBook
from .tokenizer import offline_tokens

__all__ = ["PriceBook", "micro_usd", "offline_tokens", "usd_text"]
