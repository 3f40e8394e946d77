"""What draws the charts: Vega, Vega-Lite and Vega-Embed, shipped as one file and its licences.

``reports/data/vega.js`` is the minified builds of the npm packages one after another, each below a
line with its version and hash, without the comment that names its map; ``vega-licences.txt`` holds
the licence files of all that they contain.
"""

from pathlib import Path

_DATA = Path(__file__).parents[2] / "data"


def vega_script() -> str:
    """JavaScript of the three libraries, for a script element.

    Raises
    ------
    ValueError
        If it holds what would end that element.
    """
    script = (_DATA / "vega.js").read_text(encoding="utf-8")
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("reports/data/vega.js cannot stand inside a script element")
    return script
