"""Text as pictures show it: the typeface, what it can show, line breaks, sizes, colours, glyphs.

Drawn covers and link previews set their titles with it. Pillow and FontTools are imported late.
"""
