"""What an answer may not do, whoever sends it: lead the token elsewhere, or fill the memory."""

from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.sources.streams.call_rate import LimiterSession
from requests.adapters import HTTPAdapter

from source_freshbooks.components.errors import TransientError

LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 invoices has about 400 kB


class Session(LimiterSession):
    """Follows redirects within the scheme, host and port that were asked alone."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None:
            asked, told = urlsplit(resp.url), urlsplit(requests.compat.urljoin(resp.url, target))
            if (asked.scheme, asked.netloc) != (told.scheme, told.netloc):
                raise TransientError(
                    f"FreshBooks answered {asked.path} with a redirect to another address "
                    f"({told.scheme}://{told.hostname}), which is not followed. Check the network for a proxy or a "
                    "sign-in page, then run again."
                )
        return target


class _Adapter(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        pieces, size = [], 0
        for piece in response.iter_content(requests.models.CONTENT_CHUNK_SIZE):
            size += len(piece)
            if size > LARGEST_ANSWER:
                response.close()
                raise TransientError(
                    f"FreshBooks' answer to {urlsplit(request.url).path!s} is larger than "
                    f"{LARGEST_ANSWER // 1024**2} MB and was not read. Run again; if it stays so, report it with "
                    "this text."
                )
            pieces.append(piece)
        response._content = b"".join(pieces)  # where requests puts it
        return response


def harden(session: requests.Session, pool_maxsize: int = 1) -> None:
    """Let `session` read no answer that is larger than LARGEST_ANSWER."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=pool_maxsize))
