"""The units as systemd itself judges them, without being run."""

import subprocess
from pathlib import Path

import pytest

from integration_tests import programs

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_a_service_may_do_little_else_than_its_work(unit: str) -> None:
    """Up to 5.0 systemd says OK."""
    command = [programs.systemd_analyze(), "security", "--offline=yes", "--threshold=50", str(UNITS / unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_pages_of_the_service_have_a_password_from_the_first_start() -> None:
    (command,) = [
        line
        for line in (UNITS / "freshbooks-serve.service").read_text().splitlines()
        if line.startswith("ExecStart=")
    ]
    assert "--password-file /var/lib/freshbooks/web.password --create-password" in command
