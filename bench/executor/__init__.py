"""Where blocks are computed: processes of this machine, or workers of a Dask scheduler."""
