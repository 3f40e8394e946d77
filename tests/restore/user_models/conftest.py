"""Model files of these tests are loaded in this process, which imports each engine once.

`tests/restore/isolation` holds both ways against each other.
"""

from pathlib import Path
from typing import Any

import pytest

from restore import registry
from restore.isolation.child import FILES
from restore.isolation.isolated_restorer import isolated
from restore.isolation.process import Source
from restore.user_models.network_settings import NetworkSettings


@pytest.fixture(autouse=True)
def files_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(source: Source) -> Any:
        if source.kind not in FILES:
            return isolated(source)
        return FILES[source.kind][0](Path(source.spec), NetworkSettings(**source.settings))

    monkeypatch.setattr(registry, "isolated", load)
