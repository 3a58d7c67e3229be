"""From a cover's fields to the text of its prompt, through Jinja templates in a sandbox. Pure.

Text in, text out, the same in every process; templates come in as text, no disk is read. Start with
`render`: Prompts holds a site's templates and renders one cover at a time. It stands on

    parts      the built-in texts of a prompt's parts
    variables  what a template sees: cover, article, site
    excerpt    an article's first prose
    sandbox    what a template can reach
    flood      how much it may make
    failures   what went wrong, where, and the mend
"""

from .parts import BUILT_IN
from .render import Prompts, Rendered

__all__ = ["BUILT_IN", "Prompts", "Rendered"]
