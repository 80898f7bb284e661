"""A terminal's screen, as `tmux capture-pane -e` gives it, drawn as SVG.

usage: terminal.py SCREEN LIGHT.svg DARK.svg COLUMNS TITLE
"""

import sys
from html import escape
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

# Of GitHub's own pages, which show them: background, foreground, the eight colours, and the bright ones.
LIGHT = ("ffffff", "1f2328", "24292f cf222e 116329 7d4e00 0969da 8250df 1b7c83 6e7781", "57606a a40e26 1a7f37 633c01 218bff a475f9 3192aa 8c959f")
DARK = ("0d1117", "e6edf3", "484f58 ff7b72 3fb950 d29922 58a6ff bc8cff 39c5cf b1bac4", "6e7681 ffa198 56d364 e3b341 79c0ff d2a8ff 56d4dd ffffff")

# Nothing is loaded: an image may not, and the widths of characters are told by `textLength`.
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def theme(background, foreground, normal, bright):
    def rgb(text):
        return tuple(bytes.fromhex(text))

    return TerminalTheme(rgb(background), rgb(foreground), *([rgb(c) for c in colours.split()] for colours in (normal, bright)))


def main(screen, light, dark, columns, title):
    text = Text.from_ansi(Path(screen).read_text(encoding="utf-8").rstrip())
    form = FORMAT.replace("TITLE", escape(title).replace("{", "{{").replace("}", "}}"))
    for colours, path in ((LIGHT, light), (DARK, dark)):
        with open("/dev/null", "w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=int(columns), file=nowhere, force_terminal=True, color_system="truecolor", legacy_windows=False)
            console.print(text, no_wrap=True, crop=True)
            svg = console.export_svg(title="", theme=theme(*colours), code_format=form, unique_id="t")
            # A frame that is seen on a page of the terminal's own colour, too.
            Path(path).write_text(svg.replace("rgba(255,255,255,0.35)", "rgba(128,128,128,0.6)"), encoding="utf-8")


main(*sys.argv[1:])
