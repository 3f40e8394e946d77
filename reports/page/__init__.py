"""The report as a folder: page, Markdown, tables and figures."""
