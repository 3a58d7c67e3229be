"""What `init` writes into a site's files. Pure but for `finding` and `writing`."""

from .diff import diff_lines
from .finding import find_files
from .lists import with_lines
from .plugin_block import Option
from .plugin_edit import add_plugin
from .proposal import Change, Choices, Found, Proposal, propose
from .workflows import WORKFLOWS, workflow_files
from .writing import write_changes

__all__ = [
    "WORKFLOWS",
    "Change",
    "Choices",
    "Found",
    "Option",
    "Proposal",
    "add_plugin",
    "diff_lines",
    "find_files",
    "propose",
    "with_lines",
    "workflow_files",
    "write_changes",
]
