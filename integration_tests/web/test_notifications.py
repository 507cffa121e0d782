"""Notifications from the page: what was typed stays, what is secret does not, and the week says what the marts say."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import query_marts
from freshbooks_hub.notifications import weekly
from freshbooks_hub.notifications.channels import Channels
from integration_tests.hub import Books
from integration_tests.web.serving import Client

PAGE = "/settings/notifications"
SECRET = "hush-hush"
EMAIL = {"to": "owner@example.com", "server": "smtp.example.com", "security": "starttls", "user": "me"}


def test_an_email_account_is_added_tested_and_removed_and_its_password_is_not_shown(empty_home: Home) -> None:
    client = Client(empty_home)
    told = {"topic_alarms": "yes", "topic_weekly": "yes"}
    wrong = client.submit(f"{PAGE}/email", PAGE, **EMAIL, **told, password=SECRET, port="many")
    assert "Port: enter a number such as 587" in wrong.text
    assert 'value="smtp.example.com"' in wrong.text
    assert SECRET not in wrong.text
    client.submit(f"{PAGE}/email", PAGE, **EMAIL | {"server": "localhost"}, **told, password=SECRET, port="9")
    [channel] = Channels(empty_home).all()
    assert channel.topics == {"alarms", "weekly"}
    client.submit(f"{PAGE}/{channel.id}/test", PAGE)
    page = client.get(PAGE).text
    assert (
        "The test was not sent to E-mail to owner@example.com: the server does not take connections" in page
    )
    assert SECRET not in page
    client.submit(f"{PAGE}/{channel.id}/remove", PAGE)
    assert "No notifications yet" in client.get(PAGE).text


def test_the_weekly_summary_says_what_the_marts_say(seen: Books) -> None:
    told = weekly.summary(seen.home, date(2026, 10, 26)).text

    def figure(statement: str) -> str:
        [[amount]] = query_marts(seen.home.marts, f"{statement} AND business_id = 439117").rows
        return f"CAD {amount_text(Decimal(amount), 'CAD')}"

    of_business = told.split("Atelier Boréal")[1]
    for label, statement in (
        (
            "Owed to you",
            "SELECT sum(outstanding_amount) FROM outstanding_balances WHERE currency_code = 'CAD'",
        ),
        ("Overdue", "SELECT sum(overdue_amount) FROM outstanding_balances WHERE currency_code = 'CAD'"),
        (
            "Collected 19 Oct 2026 to 25 Oct 2026",
            "SELECT sum(payment_amount) FROM payments WHERE currency_code = 'CAD' AND is_cash AND is_counted "
            "AND payment_date BETWEEN DATE '2026-10-19' AND DATE '2026-10-25'",
        ),
        (
            r"Profit of October 2026 \(as billed\)",
            "SELECT line_amount FROM profit_and_loss WHERE section = 'net profit' AND basis = 'accrual' "
            "AND currency_code = 'CAD' AND start_date = DATE '2026-10-01'",
        ),
    ):
        found = re.search(rf"  {label}: (.*)", of_business)
        assert found, told
        assert figure(statement) in found[1]
