"""The built-in texts of a prompt's parts. Changing one repaints the covers that use it."""

from __future__ import annotations

from collections.abc import Mapping

BUILT_IN: Mapping[str, str] = {
    "use_case": (
        "Editorial cover picture across the top of a technical article, also cropped to a small"
        " link preview. It must make its point at a glance."
    ),
    "composition": (
        "One clear focal point, large enough to read as a thumbnail. Keep everything that matters"
        " within the middle 80 % of the width and height, because the edges get cropped. Calm"
        " space around the subject, a simple background that runs on to every edge, a clear"
        " difference between foreground and background."
    ),
    "style": (
        "Contemporary editorial illustration: confident simple shapes, two or three main colours"
        " in harmony and one accent, soft light from one side, fine texture, crisp detail at the"
        " focal point. One visual language throughout. Tell the idea with concrete things."
    ),
    "constraints": (
        "No text, letters, numbers or anything that looks like writing; signs, screens, pages and"
        " labels stay blank. No logos, brand marks, watermarks or signatures. No user interface,"
        " code, diagrams, borders or frames. No stock clichés such as glowing brains, circuit"
        " boards or streams of digits."
    ),
}
"""For parts that neither author nor site has written; the subject is the author's prompt."""
