"""Parts of a report: figures, studies and summaries, made here or beside it by other processes."""
