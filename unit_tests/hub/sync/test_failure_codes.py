"""The hub acts on a failure's code: the source's sentences may be reworded."""

from __future__ import annotations

import json

import pytest
import requests
from airbyte_cdk.models import AirbyteMessageSerializer

from freshbooks_api.errors import RATE_LIMITED
from freshbooks_hub.sync.messages import Failure, parse
from source_freshbooks.components.auth import _tokens
from source_freshbooks.components.errors import TransientError


def said(error: TransientError) -> Failure:
    line = json.dumps(AirbyteMessageSerializer.dump(error.as_sanitized_airbyte_message()))
    failure = parse(line.encode())
    assert isinstance(failure, Failure)
    return failure


@pytest.mark.parametrize("words", ["FreshBooks asked to slow down.", "Other words."])
@pytest.mark.parametrize("code", [RATE_LIMITED, None])
def test_a_code_goes_from_the_source_to_the_hub_beside_any_words(words: str, code: str | None) -> None:
    failure = said(TransientError(words, code))
    assert (failure.code, failure.message) == (code, words)


def test_an_answer_429_to_a_token_refresh_has_the_code() -> None:
    answer = requests.Response()
    answer.status_code, answer._content = 429, b"{}"
    with pytest.raises(TransientError) as refused:
        _tokens(answer)
    assert said(refused.value).code == RATE_LIMITED
