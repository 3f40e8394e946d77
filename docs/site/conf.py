"""Settings of Sphinx; the sources are put together by `assemble.py`."""

import re

import stembench

project = "stembench"
author = "The stembench developers"
project_copyright = author
version = release = stembench.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
# Notebooks keep no outputs: they are run as the site is built, each in a folder of its own.
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_timeout = 600  # [s] a cell, on a busy machine
nb_execution_raise_on_error = True
# Warnings are part of what a notebook shows; bars are not.
nb_merge_streams = True
# Anchors as hosting platforms make them of headings, so that links hold in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
copybutton_exclude = ".linenos, .gp, .go"

# A name between single backquotes is linked where the page has it, and is code elsewhere.
default_role = "py:obj"
suppress_warnings = [
    "ref.python"
]  # a name that several classes have, `metadata` for one, links one
napoleon_google_docstring = False
napoleon_custom_sections = [("Fields", "params_style")]
napoleon_use_rtype = False
napoleon_preprocess_types = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings state types, and array shapes too
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
autodoc_preserve_defaults = True

html_theme = "pydata_sphinx_theme"
html_title = "stembench"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "reference/index": ["sidebar-nav-bs"]}

linkcheck_timeout = 20
linkcheck_workers = 4


def prepared(*event):
    """Take bars in docstrings for amounts, |x|, and not for reStructuredText's substitutions.

    Attributes of a data class are listed as its fields.
    """
    what, lines = event[1], event[-1]
    if what == "class":
        lines[:] = ["Fields" if line == "Attributes" else line for line in lines]
        lines[:] = ["------" if line == "----------" and lines[k - 1] == "Fields" else line
                    for k, line in enumerate(lines)]  # fmt: skip
    lines[:] = [
        "".join(part if k % 2 else part.replace("|", r"\|")
                for k, part in enumerate(re.split(r"(`+[^`]*`+)", line)))
        for line in lines
    ]  # fmt: skip


def setup(app):
    """Connect what changes docstrings on their way to the page."""
    app.connect("autodoc-process-docstring", prepared, priority=400)  # before napoleon
