"""What `init` writes into a site's files. Pure but for `finding` and `writing`."""

from .diff import diff_lines
from .finding import find_files
from .lists import with_lines
from .plugin_block import Option, block_lines, flow_text
from .plugin_edit import add_plugin
from .plugins_key import SitePlugins, read_plugins
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
    "SitePlugins",
    "add_plugin",
    "block_lines",
    "diff_lines",
    "find_files",
    "flow_text",
    "propose",
    "read_plugins",
    "with_lines",
    "workflow_files",
    "write_changes",
]
