"""All covers of a site on one page, to be looked at: hung by section, searched, enlarged.

The page needs nothing else: no network, no server. Its script shows and hides; without it all is
there to read.
"""

from .exhibits import Exhibit, Picture
from .page import gallery_html

__all__ = ["Exhibit", "Picture", "gallery_html"]
