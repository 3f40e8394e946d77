"""Timings are of one core: how many others a machine has says nothing of ours or of theirs."""

import os

# Before any library asks how many threads to start.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
