"""A list in a JSON file: private, versioned, changed as a whole or not at all."""

from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.json_list import JsonList


def numbers(folder: Path) -> JsonList[int]:
    def read(one: dict[str, Any]) -> int:
        return int(one["number"])

    def written(number: int) -> dict[str, Any]:
        return {"number": number}

    return JsonList(folder / "numbers.json", "numbers", 2, read, written, "Delete it, and count again.")


def test_what_was_changed_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    assert numbers(tmp_path).all() == []
    with numbers(tmp_path).changed() as kept:
        kept += [3, 1]
    assert numbers(tmp_path).all() == [3, 1]
    assert (tmp_path / "numbers.json").stat().st_mode & 0o077 == 0


def test_a_change_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    with numbers(tmp_path).changed() as kept:
        kept.append(3)

    def clear_and_fail() -> None:
        with numbers(tmp_path).changed() as kept:
            kept.clear()
            raise LookupError

    with pytest.raises(LookupError):
        clear_and_fail()
    assert numbers(tmp_path).all() == [3]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"version": 3, "numbers": []}', "newer version"),
        ('{"version": 2, "numbers": [{}]}', "damaged. Delete it, and count again."),
        ('{"version": 2}', "damaged"),
        ("[]", "damaged"),
        ("", "damaged"),
    ],
)
def test_a_file_that_is_not_understood_is_neither_read_nor_replaced(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "numbers.json"
    path.write_text(content)
    with pytest.raises(HomeError, match=told), numbers(tmp_path).changed():
        pytest.fail("it was changed")
    assert path.read_text() == content
