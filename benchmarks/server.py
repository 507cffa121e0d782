"""A fast, fixed FreshBooks: every answer is computed before the first request, in a process of its own.

python -m benchmarks.server --port 0 --invoices 50000 --latency-ms 0     prints its address.
The invoices of one business, newest id first, with four lines each (about 4 kB a row); every other list is
empty.
"""

import argparse
import asyncio
import json
import random
from typing import Any
from urllib.parse import parse_qs, urlsplit

BUSINESS, ACCOUNT = 100001, "bEnCh1"
PER_PAGE = 100


def line(rng: random.Random, invoice: int, number: int) -> dict[str, Any]:
    cost, quantity = rng.randrange(500, 50_000), rng.randrange(1, 9)
    return {
        "amount": {"amount": f"{cost * quantity / 100:.2f}", "code": "USD"},
        "basecampid": 0,
        "compounded_tax": False,
        "date": None,
        "description": "Design and build, " * 4,
        "expenseid": 0,
        "invoiceid": invoice,
        "lineid": number,
        "modern_project_id": None,
        "modern_time_entries": [],
        "name": f"Service {rng.randrange(40)}",
        "qty": str(quantity),
        "retainer_id": None,
        "retainer_period_id": None,
        "taskno": number,
        "taxAmount1": "13",
        "taxAmount2": "0",
        "taxName1": "HST",
        "taxName2": "",
        "taxNumber1": None,
        "taxNumber2": None,
        "type": 0,
        "unit_cost": {"amount": f"{cost / 100:.2f}", "code": "USD"},
        "updated": "2026-03-02 11:20:00",
    }


def invoice(number: int) -> dict[str, Any]:
    rng = random.Random(number)
    money = {"amount": f"{rng.randrange(10_000, 9_000_000) / 100:.2f}", "code": "USD"}
    nothing = {"amount": "0.00", "code": "USD"}
    day = f"202{rng.randrange(2, 6)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    return {
        "accountid": ACCOUNT,
        "accounting_systemid": ACCOUNT,
        "address": "",
        "amount": money,
        "auto_bill": False,
        "autobill_status": None,
        "city": "Toronto",
        "code": "M5V0P3",
        "country": "Canada",
        "create_date": day,
        "created_at": f"{day} 11:27:45",
        "currency_code": "USD",
        "current_organization": f"Client {number % 500}",
        "customerid": 1 + number % 500,
        "date_paid": None,
        "deposit_amount": None,
        "deposit_percentage": None,
        "deposit_status": "none",
        "description": "Design and build",
        "discount_description": None,
        "discount_total": nothing,
        "discount_value": "0",
        "display_status": "sent",
        "dispute_status": None,
        "due_date": day,
        "due_offset_days": 0,
        "email": f"client{number % 500}@example.com",
        "estimateid": 0,
        "ext_archive": 0,
        "fname": "Gavin",
        "fulfillment_date": day,
        "generation_date": None,
        "gmail": False,
        "id": number,
        "invoice_number": f"INV{number:07}",
        "invoiceid": number,
        "language": "en",
        "last_order_status": None,
        "lines": [line(rng, number, i) for i in range(1, 5)],
        "lname": "Belson",
        "net_paid_amount": nothing,
        "notes": "Thank you for your business. " * 3,
        "organization": f"Client {number % 500}",
        "outstanding": money,
        "ownerid": 1,
        "paid": nothing,
        "parent": 0,
        "payment_details": "",
        "payment_status": "unpaid",
        "po_number": None,
        "province": "Ontario",
        "return_uri": None,
        "sentid": 1,
        "show_attachments": False,
        "status": 2,
        "street": "174 Spadina Avenue",
        "street2": "",
        "template": "clean-grouped",
        "terms": None,
        "updated": f"{day} 11:27:45",
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "v3_status": "sent",
        "vat_name": None,
        "vat_number": "",
        "version": f"{day} 11:27:45.000000",
        "vis_state": 0,
    }


def _dump(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def identity() -> bytes:
    business = {
        "id": BUSINESS,
        "account_id": ACCOUNT,
        "name": "Bench",
        "timezone": "America/Toronto",
        "active": True,
    }
    return _dump(
        {
            "response": {
                "id": 1,
                "business_memberships": [{"id": 1, "role": "owner", "business": business}],
                "roles": [{"id": 1, "role": "admin", "userid": 1, "accountid": ACCOUNT}],
            }
        }
    )


def invoice_pages(count: int) -> list[bytes]:
    pages = -(-count // PER_PAGE)
    result = []
    for page in range(1, pages + 1):
        newest = count - (page - 1) * PER_PAGE
        rows = [invoice(number) for number in range(newest, max(newest - PER_PAGE, 0), -1)]
        paging = {"page": page, "pages": pages, "per_page": PER_PAGE, "total": count}
        result.append(_dump({"response": {"result": {"invoices": rows, **paging}}}))
    return result


class Server:
    def __init__(self, invoices: int, latency_ms: int) -> None:
        self._pages = invoice_pages(invoices)
        self._identity = identity()
        self._latency = latency_ms / 1000

    def answer(self, target: str) -> bytes:
        url = urlsplit(target)
        if url.path == "/auth/api/v1/users/me":
            return self._identity
        query = parse_qs(url.query)
        if url.path.endswith("/invoices/invoices") and query.get("search[vis_state]", ["0"]) == ["0"]:
            number = int(query.get("page", ["1"])[0])
            if 1 <= number <= len(self._pages):
                return self._pages[number - 1]
        paging = {"page": 1, "pages": 0, "per_page": PER_PAGE, "total": 0}
        rows_key = url.path.rsplit("/", 1)[1]
        if url.path.startswith("/accounting"):
            return _dump({"response": {"result": {rows_key: [], **paging}}})
        return _dump({rows_key: [], "meta": paging})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = self.answer(head.split(b" ", 2)[1].decode())
                if self._latency:
                    await asyncio.sleep(self._latency)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % len(body)
                )
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def main(port: int, server: Server) -> None:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", flush=True)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--invoices", type=int, default=50_000)
    parser.add_argument("--latency-ms", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(main(options.port, Server(options.invoices, options.latency_ms)))
