"""Settings of all tests: hypothesis tries the same examples on every machine."""

from hypothesis import settings

settings.register_profile("stembench", derandomize=True)
settings.load_profile("stembench")
