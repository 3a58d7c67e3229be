"""`python -m mkdocs_imagegen`."""

from .cli import main

main()
