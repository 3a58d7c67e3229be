"""Covers for sites that MkDocs does not build: Zensical's, and bare folders of Markdown.

The same engine buys them; their files are written below the folder itself, and one `image:` line
into each article.

    configured   which config file is read
    scan         the articles, by python-frontmatter
    surveying    both, with the engine
    block        one `image:` line in the bytes of an article
    changes      what would be written: decided, not done
    writing      done
"""

from .changes import Changes, decide
from .surveying import FolderSurvey, survey_folder
from .writing import write

__all__ = ["Changes", "FolderSurvey", "decide", "survey_folder", "write"]
