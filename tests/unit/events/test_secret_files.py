"""What is said of a secret that is not there names the place where it is looked for."""

from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.events.secret_files import SecretFiles


def test_a_missing_secret_names_the_setting_of_its_directory(tmp_path: Path) -> None:
    secrets = SecretFiles(directory=tmp_path, setting="telephony_secrets")
    with pytest.raises(NotFound) as told:
        secrets.read("acme", "pbx")
    assert told.value.slug == "unknown-secret"
    assert "telephony_secrets" in str(told.value)
