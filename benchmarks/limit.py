"""The limit: requests, orjson, JSON lines on standard output, and nothing else. Usage: limit.py API_URL"""

import sys

import orjson
import requests

from benchmarks.server import ACCOUNT, PER_PAGE


def main(api_url: str) -> None:
    session = requests.Session()
    url = f"{api_url}/accounting/account/{ACCOUNT}/invoices/invoices"
    page = pages = 1
    while page <= pages:
        answer = session.get(url, params={"per_page": PER_PAGE, "page": page}, timeout=60)
        result = orjson.loads(answer.content)["response"]["result"]
        for row in result["invoices"]:
            sys.stdout.buffer.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        page, pages = page + 1, result["pages"]


if __name__ == "__main__":
    main(sys.argv[1])
