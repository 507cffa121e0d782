"""The sixty questions, over the demo's books as of 2026-10-31."""

from __future__ import annotations

from integration_tests.agent.asked.question import Question, by_sql, found_by_sql, one

MAIN, SECOND = 439000, 439117
OF_MAIN = f"business_id = {MAIN}"
YEAR = {"date_from": "2026-01-01", "date_to": "2026-10-31"}
SEPTEMBER = {"date_from": "2026-09-01", "date_to": "2026-09-30"}
MONEY = "is_cash AND NOT coalesce(is_invoice_deleted, false)"
OPEN = "NOT is_draft AND outstanding_amount <> 0 AND create_date <= as_of_date"

OWNER = [
    Question(
        "owner",
        "How much do my clients owe me, in each currency and business?",
        one("get_outstanding_balance"),
        "totals",
        ("business_id", "currency_code", "outstanding_amount"),
        f"SELECT business_id, currency_code, sum(outstanding_amount) FROM invoices WHERE {OPEN} "
        "AND outstanding_amount > 0 GROUP BY ALL",
    ),
    Question(
        "owner",
        "How much of that is overdue?",
        one("get_outstanding_balance"),
        "totals",
        ("business_id", "currency_code", "overdue_amount"),
        "SELECT business_id, currency_code, coalesce(sum(outstanding_amount) FILTER (is_overdue), 0) FROM invoices "
        f"WHERE {OPEN} AND outstanding_amount > 0 GROUP BY ALL",
    ),
    Question(
        "owner",
        "Who are the five that owe us most in US dollars?",
        one("get_outstanding_balance", currency_code="USD", business_id=MAIN, limit=5),
        "balances",
        ("client_name", "outstanding_amount"),
        "SELECT any_value(client_name), sum(outstanding_amount) AS owed FROM invoices WHERE currency_code = 'USD' "
        f"AND {OF_MAIN} AND {OPEN} GROUP BY client_id ORDER BY owed DESC, client_id LIMIT 5",
        ordered=True,
    ),
    Question(
        "owner",
        "Who is most overdue in Canadian dollars at Atelier Boréal?",
        one("get_outstanding_balance", business_id=SECOND, currency_code="CAD", sort="overdue", limit=1),
        "balances",
        ("client_id", "overdue_amount"),
        "SELECT client_id, sum(outstanding_amount) AS late FROM invoices WHERE is_overdue AND currency_code = 'CAD' "
        f"AND business_id = {SECOND} GROUP BY client_id ORDER BY late DESC, client_id LIMIT 1",
    ),
    Question(
        "owner",
        "What does Café Lumière owe us?",
        one("get_outstanding_balance", client="cafe lumiere"),
        "balances",
        ("currency_code", "outstanding_amount"),
        "SELECT currency_code, sum(outstanding_amount) FROM invoices WHERE client_name = 'Café Lumière' "
        f"AND {OPEN} GROUP BY ALL",
    ),
    Question(
        "owner",
        "Who has waited longest with a payment?",
        one("get_outstanding_balance", sort="oldest", currency_code="USD", business_id=MAIN, limit=1),
        "balances",
        ("oldest_due_date",),
        f"SELECT min(due_date) FROM invoices WHERE {OPEN} AND currency_code = 'USD' AND {OF_MAIN}",
    ),
    Question(
        "owner",
        "What did we earn this year, month by month?",
        one("revenue_summary", **YEAR, business_id=MAIN, currency_code="USD"),
        "groups",
        ("group", "invoiced_amount"),
        "SELECT strftime(create_date, '%Y-%m'), sum(total_amount) FROM invoices WHERE NOT is_draft "
        f"AND {OF_MAIN} AND currency_code = 'USD' AND create_date >= DATE '2026-01-01' "
        "AND create_date <= DATE '2026-10-31' GROUP BY ALL",
    ),
    Question(
        "owner",
        "What came in this year?",
        one("revenue_summary", **YEAR),
        "totals",
        ("business_id", "currency_code", "collected_amount"),
        "SELECT business_id, currency_code, coalesce(sum(collected_amount), 0) FROM revenue_monthly "
        "WHERE month_start_date BETWEEN DATE '2026-01-01' AND DATE '2026-10-01' GROUP BY ALL",
    ),
    Question(
        "owner",
        "Who were our three best clients this year in US dollars?",
        one("revenue_summary", **YEAR, group_by="client", business_id=MAIN, currency_code="USD", limit=3),
        "groups",
        ("client_id",),
        "SELECT client_id FROM revenue_monthly WHERE currency_code = 'USD' AND month_start_date >= DATE '2026-01-01' "
        f"AND month_start_date <= DATE '2026-10-31' AND {OF_MAIN} GROUP BY client_id "
        "ORDER BY sum(accrued_amount - credited_without_tax_amount + other_income_without_tax_amount) DESC LIMIT 3",
        ordered=True,
    ),
    Question(
        "owner",
        "Did we make a profit this year?",
        one("profit_summary", **YEAR),
        "totals",
        ("business_id", "currency_code", "net_profit_amount"),
        "SELECT business_id, currency_code, sum(line_amount) FROM profit_and_loss WHERE section = 'net profit' "
        "AND basis = 'accrual' AND year(start_date) = 2026 AND start_date <= DATE '2026-10-31' GROUP BY ALL",
    ),
    Question(
        "owner",
        "What was the profit of each quarter on the cash basis?",
        one("profit_summary", group_by="quarter", basis="cash", business_id=SECOND, currency_code="CAD"),
        "periods",
        ("period", "net_profit_amount"),
        "SELECT year(start_date) || '-Q' || quarter(start_date), sum(line_amount) FROM profit_and_loss WHERE "
        f"section = 'net profit' AND basis = 'cash' AND business_id = {SECOND} AND currency_code = 'CAD' GROUP BY ALL",
    ),
    Question(
        "owner",
        "What money comes in over the next four weeks?",
        one("cash_forecast", weeks=4, business_id=MAIN, currency_code="USD"),
        "totals",
        ("money_in_amount",),
        f"SELECT sum(money_in_amount) FROM cash_forecast WHERE {OF_MAIN} AND currency_code = 'USD' "
        "AND week_start_date < DATE '2026-11-29'",
    ),
    Question(
        "owner",
        "In which week does most money go out?",
        one("cash_forecast", business_id=MAIN, currency_code="USD"),
        "weeks",
        ("week_start_date", "money_out_amount"),
        f"SELECT week_start_date, sum(money_out_amount) FROM cash_forecast WHERE {OF_MAIN} "
        "AND currency_code = 'USD' GROUP BY ALL",
    ),
    Question(
        "owner",
        "What did we spend most on this year?",
        one("expense_summary", **YEAR, business_id=MAIN, currency_code="USD", limit=1),
        "groups",
        ("group", "total_amount"),
        "SELECT category_path, sum(total_amount) AS total FROM expense_categories WHERE month_start_date BETWEEN "
        f"DATE '2026-01-01' AND DATE '2026-10-31' AND {OF_MAIN} AND currency_code = 'USD' "
        "GROUP BY ALL ORDER BY total DESC LIMIT 1",
    ),
    Question(
        "owner",
        "What is the largest expense of this year?",
        one("list_expenses", **YEAR, business_id=MAIN, currency_code="USD", sort="largest", limit=1),
        "expenses",
        ("total_amount",),
        f"SELECT max(total_amount) FROM expenses WHERE {OF_MAIN} AND currency_code = 'USD' "
        "AND expense_date BETWEEN DATE '2026-01-01' AND DATE '2026-10-31'",
    ),
    Question(
        "owner",
        "How many hours has everyone worked in September?",
        one("list_time", **SEPTEMBER, business_id=MAIN),
        "groups",
        ("person", "hours"),
        "SELECT person_name, round(sum(duration_seconds) / 3600, 4) FROM time_entries WHERE entry_date BETWEEN "
        f"DATE '2026-09-01' AND DATE '2026-09-30' AND {OF_MAIN} GROUP BY identity_id, person_name",
    ),
    Question(
        "owner",
        "What work has not been billed yet?",
        one("list_unbilled_time", business_id=SECOND),
        "totals",
        ("currency_code", "hours"),
        "SELECT p.currency_code, round(sum(t.duration_seconds) / 3600, 4) "
        "FROM time_entries AS t JOIN unbilled_time AS p "
        "ON p.business_id = t.business_id AND p.project_id IS NOT DISTINCT FROM t.project_id "
        "AND p.service_id IS NOT DISTINCT FROM t.service_id AND p.identity_id = t.identity_id "
        "AND p.client_id IS NOT DISTINCT FROM t.client_id "
        f"WHERE t.is_unbilled AND t.business_id = {SECOND} GROUP BY ALL",
    ),
    Question(
        "owner",
        "Who paid last?",
        one("list_payments", business_id=MAIN, limit=1),
        "payments",
        ("payment_date",),
        f"SELECT max(payment_date) FROM payments WHERE {MONEY} AND {OF_MAIN}",
    ),
    Question(
        "owner",
        "How many active clients do we have?",
        one("list_clients", business_id=MAIN),
        "total_count",
        ("total_count",),
        f"SELECT count(*) FROM clients WHERE client_status = 'active' AND {OF_MAIN}",
    ),
    Question(
        "owner",
        "How do I reach Halcyon Spa?",
        one("get_client", client="Halcyon Spa"),
        "people",
        ("email",),
        "SELECT email FROM crm_contacts WHERE organization = 'Halcyon Spa'",
    ),
    Question(
        "owner",
        "Has invoice 47 of Maple & Pine Studio been paid?",
        one("get_invoice", invoice="47", business_id=MAIN),
        "invoice",
        ("invoice_status", "paid_amount", "outstanding_amount"),
        "SELECT invoice_status, paid_amount, total_amount - paid_amount FROM invoices "
        f"WHERE invoice_number = '0000047' AND {OF_MAIN}",
    ),
    Question(
        "owner",
        "Which drafts lie around?",
        one("list_invoices", status="draft", limit=200),
        "invoices",
        ("business_id", "invoice_id"),
        "SELECT business_id, invoice_id FROM invoices WHERE invoice_status = 'draft'",
    ),
    Question(
        "owner",
        "Which projects are over their budget of hours?",
        by_sql("projects", "SELECT project_id FROM projects WHERE logged_hours > budget_hours"),
        "rows",
        (),
        "SELECT project_id FROM projects JOIN (SELECT business_id, project_id, sum(hours) AS worked FROM time_entries "
        "GROUP BY ALL) USING (business_id, project_id) WHERE worked > budget_hours",
    ),
    Question(
        "owner",
        "What are accepted estimates worth that were not invoiced?",
        by_sql(
            "estimates",
            "SELECT business_id, currency_code, sum(total_amount) FROM estimates "
            "WHERE estimate_stage = 'accepted' AND NOT is_converted GROUP BY ALL",
        ),
        "rows",
        (),
        "SELECT business_id, currency_code, sum(total_amount) FROM estimates AS e WHERE estimate_stage = 'accepted' "
        "AND NOT EXISTS (FROM invoices AS i WHERE i.business_id = e.business_id AND i.estimate_id = e.estimate_id) "
        "GROUP BY ALL",
    ),
]

BOOKKEEPER = [
    Question(
        "bookkeeper",
        "Which invoices fell due in September and are still open?",
        one("list_invoices", status="open", due_from="2026-09-01", due_to="2026-09-30", limit=200),
        "invoices",
        ("business_id", "invoice_id", "outstanding_amount"),
        f"SELECT business_id, invoice_id, outstanding_amount FROM invoices WHERE {OPEN} AND outstanding_amount > 0 "
        "AND due_date BETWEEN DATE '2026-09-01' AND DATE '2026-09-30'",
    ),
    Question(
        "bookkeeper",
        "What was invoiced in September?",
        one("list_invoices", issued_from="2026-09-01", issued_to="2026-09-30"),
        "totals",
        ("business_id", "currency_code", "total_amount"),
        "SELECT business_id, currency_code, sum(invoiced_amount) FROM revenue_monthly "
        "WHERE month_start_date = DATE '2026-09-01' GROUP BY ALL HAVING sum(invoiced_amount) <> 0",
    ),
    Question(
        "bookkeeper",
        "Which payments came in September?",
        one("list_payments", **SEPTEMBER, limit=200),
        "payments",
        ("business_id", "payment_id", "payment_amount"),
        f"SELECT business_id, payment_id, payment_amount FROM payments WHERE {MONEY} "
        "AND strftime(payment_date, '%Y-%m') = '2026-09'",
    ),
    Question(
        "bookkeeper",
        "How much came in September, per currency?",
        one("list_payments", **SEPTEMBER),
        "totals",
        ("business_id", "currency_code", "payment_amount"),
        f"SELECT business_id, currency_code, sum(payment_amount) FROM payments WHERE {MONEY} "
        "AND strftime(payment_date, '%Y-%m') = '2026-09' GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "Which invoices were paid by credit instead of money?",
        one("list_payments", kind="credit", limit=200),
        "payments",
        ("business_id", "invoice_id", "payment_amount"),
        "SELECT business_id, invoice_id, payment_amount FROM payments WHERE NOT is_cash",
    ),
    Question(
        "bookkeeper",
        "Which payments belong to invoices that were deleted?",
        one("list_payments", kind="deleted_invoice", limit=200),
        "payments",
        ("business_id", "payment_id"),
        "SELECT business_id, payment_id FROM payments AS p WHERE is_cash AND invoice_id IS NOT NULL "
        "AND NOT EXISTS (FROM invoices AS i WHERE i.business_id = p.business_id AND i.invoice_id = p.invoice_id)",
    ),
    Question(
        "bookkeeper",
        "What has Nimbus Software paid so far?",
        one("list_payments", client="Nimbus Software"),
        "totals",
        ("currency_code", "payment_amount"),
        f"SELECT currency_code, sum(payment_amount) FROM payments WHERE client_name = 'Nimbus Software' AND {MONEY} "
        "GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "Which expenses of the last quarter have no receipt?",
        one(
            "list_expenses",
            date_from="2026-07-01",
            date_to="2026-09-30",
            without_receipt=True,
            business_id=MAIN,
            limit=200,
        ),
        "expenses",
        ("expense_id",),
        f"SELECT expense_id FROM expenses WHERE NOT has_receipt AND {OF_MAIN} AND year(expense_date) = 2026 "
        "AND quarter(expense_date) = 3",
    ),
    Question(
        "bookkeeper",
        "What did we spend in September by category?",
        one("expense_summary", **SEPTEMBER, business_id=MAIN, limit=200),
        "groups",
        ("group", "currency_code", "total_amount"),
        "SELECT category_path, currency_code, sum(total_amount) FROM expense_categories WHERE "
        f"month_start_date = DATE '2026-09-01' AND {OF_MAIN} GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "How much tax was in our purchases this year?",
        one("expense_summary", **YEAR),
        "totals",
        ("business_id", "currency_code", "tax_amount"),
        "SELECT business_id, currency_code, sum(total_amount - amount_without_tax) FROM expenses "
        "WHERE expense_date BETWEEN DATE '2026-01-01' AND DATE '2026-10-31' GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "Which billable expenses are not on an invoice yet?",
        one("list_expenses", unbilled_only=True, limit=200),
        "expenses",
        ("business_id", "expense_id"),
        "SELECT business_id, expense_id FROM expenses WHERE is_billable AND expense_status = 'outstanding'",
    ),
    Question(
        "bookkeeper",
        "What does our profit and loss say of each cost line this year?",
        one("profit_summary", **YEAR, group_by="line", business_id=MAIN, currency_code="CAD", limit=200),
        "lines",
        ("line_name", "line_amount"),
        "SELECT line_name, sum(line_amount) FROM profit_and_loss WHERE section = 'expenses' AND is_leaf "
        f"AND basis = 'accrual' AND {OF_MAIN} AND currency_code = 'CAD' AND year(start_date) = 2026 "
        "AND start_date <= DATE '2026-10-31' GROUP BY ALL",
        where={"section": "expenses"},
    ),
    Question(
        "bookkeeper",
        "What was the gross profit of September?",
        one("profit_summary", **SEPTEMBER),
        "totals",
        ("business_id", "currency_code", "gross_profit_amount"),
        "SELECT business_id, currency_code, sum(line_amount) FROM profit_and_loss WHERE section = 'total income' "
        "AND basis = 'accrual' AND start_date = DATE '2026-09-01' GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "What is on invoice 47 of Atelier Boréal?",
        one("get_invoice", invoice="0000047", business_id=SECOND),
        "lines",
        ("line_number", "line_amount"),
        "SELECT line_number, line_amount FROM invoice_lines "
        f"WHERE invoice_number = '0000047' AND business_id = {SECOND}",
    ),
    Question(
        "bookkeeper",
        "What is open on bills, per supplier?",
        by_sql(
            "bills",
            "SELECT vendor_name, currency_code, sum(outstanding_amount) FROM bills "
            f"WHERE is_open AND business_id = {MAIN} GROUP BY ALL",
        ),
        "rows",
        (),
        "SELECT vendor_name, currency_code, sum(total_amount - paid_amount) FROM bills "
        f"WHERE bill_status <> 'paid' AND NOT is_dated_later AND {OF_MAIN} GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "Which clients hold credit that is not used?",
        one("get_outstanding_balance", limit=200),
        "balances",
        ("business_id", "client_id", "currency_code", "unapplied_credit_amount"),
        "SELECT business_id, client_id, currency_code, coalesce(sum(credit_amount - used_amount), 0) FROM "
        "outstanding_balances LEFT JOIN (FROM credits WHERE NOT is_draft AND NOT is_dated_later) "
        "USING (business_id, client_id, currency_code) GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "How much sales tax did we bill in the third quarter?",
        found_by_sql(
            "sales_tax",
            "SELECT business_id, currency_code, tax_name, sum(tax_collected_amount) FROM sales_tax "
            "WHERE basis = 'accrual' AND quarter(month_start_date) = 3 AND year(month_start_date) = 2026 GROUP BY ALL",
        ),
        "rows",
        (),
        "SELECT business_id, currency_code, tax_name, sum(tax_collected_amount) FROM sales_tax WHERE basis = 'accrual' "
        "AND month_start_date BETWEEN DATE '2026-07-01' AND DATE '2026-09-30' GROUP BY ALL",
    ),
    Question(
        "bookkeeper",
        "Does the trial balance balance?",
        found_by_sql(
            "trial_balance",
            "SELECT business_id, currency_code, sum(debit_amount) - sum(credit_amount) FROM trial_balance GROUP BY ALL",
        ),
        "rows",
        (),
        "SELECT DISTINCT business_id, currency_code, 0 FROM trial_balance",
    ),
    Question(
        "bookkeeper",
        "Which checks against FreshBooks' own reports fail?",
        found_by_sql("fb_reconciliation", "SELECT count(*) FROM fb_reconciliation WHERE NOT is_ok"),
        "rows",
        (),
        "SELECT count(*) FILTER (is_ok IS DISTINCT FROM true) FROM fb_reconciliation",
    ),
]

ANALYST = [
    Question(
        "analyst",
        "How did revenue develop by quarter?",
        one("revenue_summary", group_by="quarter", business_id=SECOND, currency_code="CAD"),
        "groups",
        ("group", "net_revenue_amount"),
        "SELECT year(month_start_date) || '-Q' || quarter(month_start_date), sum(net_revenue_amount) "
        f"FROM revenue_monthly WHERE business_id = {SECOND} AND currency_code = 'CAD' GROUP BY ALL",
    ),
    Question(
        "analyst",
        "What was revenue on the cash basis, per year?",
        one("revenue_summary", group_by="year", business_id=MAIN),
        "groups",
        ("group", "currency_code", "collected_without_tax_amount"),
        "SELECT year(month_start_date)::VARCHAR, currency_code, sum(collected_without_tax_amount) "
        f"FROM revenue_monthly WHERE {OF_MAIN} GROUP BY ALL",
    ),
    Question(
        "analyst",
        "How much revenue is from Café Lumière, per month?",
        one("revenue_summary", client="Café Lumière", limit=200),
        "groups",
        ("group", "currency_code", "invoiced_amount"),
        "SELECT strftime(month_start_date, '%Y-%m'), r.currency_code, coalesce(sum(total_amount), 0) "
        "FROM (SELECT DISTINCT client_id, month_start_date, currency_code FROM revenue_monthly "
        f"WHERE client_name = 'Café Lumière' AND {OF_MAIN}) AS r LEFT JOIN (FROM invoices WHERE NOT is_draft) AS i "
        f"ON i.{OF_MAIN} AND i.client_id = r.client_id AND i.currency_code = r.currency_code "
        "AND date_trunc('month', i.create_date) = month_start_date GROUP BY ALL",
    ),
    Question(
        "analyst",
        "What are hours per person and week in September?",
        one("list_time", group_by=["person", "week"], **SEPTEMBER, business_id=MAIN, limit=200),
        "groups",
        ("person", "week", "hours"),
        "SELECT person_name, strftime(entry_date - (isodow(entry_date) - 1)::INT, '%Y-%m-%d') AS monday, "
        f"round(sum(duration_seconds) / 3600, 4) FROM time_entries WHERE {OF_MAIN} "
        "AND entry_date BETWEEN DATE '2026-09-01' AND DATE '2026-09-30' GROUP BY ALL",
    ),
    Question(
        "analyst",
        "Which share of the hours is billable?",
        one("list_time"),
        "totals",
        ("business_id", "hours", "billable_hours"),
        "SELECT business_id, sum(logged_hours), sum(billable_hours) FROM hours GROUP BY ALL",
    ),
    Question(
        "analyst",
        "How many hours went into each project?",
        one("list_time", group_by=["project"], business_id=SECOND, limit=200),
        "groups",
        ("project", "hours"),
        "SELECT project_name, sum(logged_hours) FROM hours "
        f"WHERE business_id = {SECOND} GROUP BY project_id, project_name",
    ),
    Question(
        "analyst",
        "How do hours spread over the services?",
        one("list_time", group_by=["service"], business_id=MAIN, limit=200),
        "groups",
        ("service", "hours"),
        f"SELECT service_name, sum(logged_hours) FROM hours WHERE {OF_MAIN} GROUP BY service_id, service_name",
    ),
    Question(
        "analyst",
        "How many months of expenses are there, and how large is each?",
        one("expense_summary", group_by="month", business_id=SECOND, currency_code="CAD", limit=200),
        "groups",
        ("group", "total_amount"),
        "SELECT strftime(month_start_date, '%Y-%m'), sum(total_amount) FROM expense_categories "
        f"WHERE business_id = {SECOND} AND currency_code = 'CAD' GROUP BY ALL",
    ),
    Question(
        "analyst",
        "Which vendor costs us most?",
        one("expense_summary", group_by="vendor", business_id=MAIN, currency_code="USD", limit=1),
        "groups",
        ("group", "total_amount"),
        f"SELECT vendor, sum(total_amount) AS total FROM expenses WHERE {OF_MAIN} AND currency_code = 'USD' "
        "GROUP BY vendor ORDER BY total DESC LIMIT 1",
    ),
    Question(
        "analyst",
        "What is expected to come and go, by what it is of?",
        one("cash_forecast", business_id=MAIN),
        "sources",
        ("currency_code", "cash_source", "money_in_amount", "money_out_amount"),
        f"SELECT currency_code, cash_source, sum(money_in_amount), sum(money_out_amount) FROM cash_forecast "
        f"WHERE {OF_MAIN} GROUP BY ALL",
    ),
    Question(
        "analyst",
        "How many days do clients take to pay, on average?",
        by_sql(
            "invoices", f"SELECT round(avg(days_to_pay), 4) FROM invoices WHERE {OF_MAIN} AND NOT is_draft"
        ),
        "rows",
        (),
        "SELECT round(avg(greatest(date_diff('day', create_date, paid_date), 0)), 4) FROM invoices "
        f"WHERE {OF_MAIN} AND NOT is_draft AND paid_date IS NOT NULL",
    ),
    Question(
        "analyst",
        "How is the aging of all receivables spread?",
        one("get_outstanding_balance", limit=200),
        "balances",
        ("business_id", "client_id", "currency_code", "overdue_91_plus_amount"),
        "SELECT business_id, client_id, currency_code, coalesce(sum(invoices.outstanding_amount) "
        "FILTER (is_overdue AND days_overdue > 90), 0) FROM invoices RIGHT JOIN outstanding_balances "
        "USING (business_id, client_id, currency_code) GROUP BY ALL",
    ),
    Question(
        "analyst",
        "How many invoices were issued per year?",
        by_sql(
            "invoices", "SELECT year(create_date), count(*) FROM invoices WHERE NOT is_draft GROUP BY ALL"
        ),
        "rows",
        (),
        "SELECT year(create_date), count(*) FILTER (invoice_status <> 'draft') FROM invoices GROUP BY ALL "
        "HAVING count(*) FILTER (invoice_status <> 'draft') > 0",
    ),
    Question(
        "analyst",
        "What do recurring invoices bring in a month?",
        found_by_sql(
            "recurring_invoices",
            "SELECT business_id, currency_code, count(*) FROM recurring_invoices GROUP BY ALL",
        ),
        "rows",
        (),
        "SELECT business_id, currency_code, count(recurring_invoices.business_id) FROM recurring_invoices GROUP BY ALL",
    ),
    Question(
        "analyst",
        "Which column says what is still owed on an invoice?",
        one("describe_marts", mart="invoices"),
        "columns",
        ("column_name", "currency_column"),
        "SELECT column_name, currency_column FROM fb_dictionary WHERE mart_name = 'invoices' "
        "AND column_name = 'outstanding_amount'",
        where={"column_name": "outstanding_amount"},
    ),
    Question(
        "analyst",
        "How fresh is each kind of data?",
        one("describe_marts"),
        "freshness",
        ("stream_name", "row_count"),
        "SELECT stream_name, sum(row_count) FROM fb_freshness WHERE is_synced GROUP BY ALL",
    ),
    Question(
        "analyst",
        "Give me all payments of Maple & Pine Studio, newest first.",
        (
            *one("list_payments", business_id=MAIN, limit=200),
            *one("list_payments", business_id=MAIN, limit=200, cursor="<next_cursor>"),
        ),
        "payments",
        ("payment_id",),
        f"SELECT payment_id FROM payments WHERE {MONEY} AND {OF_MAIN} "
        "ORDER BY payment_date DESC, payment_id OFFSET 200",
        ordered=True,
    ),
]

QUESTIONS = [*OWNER, *BOOKKEEPER, *ANALYST]
