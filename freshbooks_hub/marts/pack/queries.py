"""The queries of a pack's tables. Parameters: the business, then the basis if there is one, then days."""

from __future__ import annotations

PROFIT_AND_LOSS_MONTHS = (
    "SELECT DISTINCT start_date FROM profit_and_loss "
    "WHERE business_id = ? AND basis = ? AND start_date BETWEEN ? AND ?"
)
PROFIT_AND_LOSS = (
    "SELECT currency_code, section, line_path, line_code, start_date, line_amount FROM profit_and_loss "
    "WHERE business_id = ? AND basis = ? AND section <> 'gross margin'"
)
BALANCE_SHEET_DAY = (
    "SELECT max(as_of_date) AS day FROM balance_sheet WHERE business_id = ? AND as_of_date <= ? "
    "HAVING day IS NOT NULL"
)
BALANCE_SHEET = (
    "SELECT currency_code, as_of_date, line_type, account_type, replace(account_term, '_', '-'), account_number, "
    "account_name, sub_account_name, balance_amount FROM balance_sheet WHERE business_id = ? AND as_of_date = ? "
    "ORDER BY currency_code, section_number = 0, section_number, account_position, sub_account_position, line_type"
)
TRIAL_BALANCE_MONTHS = (
    "SELECT DISTINCT start_date FROM trial_balance WHERE business_id = ? AND start_date BETWEEN ? AND ?"
)
TRIAL_BALANCE = (
    "SELECT currency_code, start_date, end_date, account_number, account_name, sub_account_number, sub_account_name, "
    "debit_amount, credit_amount FROM trial_balance WHERE business_id = ? AND start_date BETWEEN ? AND ? "
    "ORDER BY currency_code, start_date, line_number"
)
LEDGER_DAYS = "SELECT min(posting_date) FROM general_ledger WHERE business_id = ?"
LEDGER = (
    "SELECT currency_code, posting_date, posting_id, entry_id, posting_name, description, posting_type, "
    "account_number, account_name, account_type, sub_account_number, sub_account_name, client_name, "
    "debit_amount, credit_amount "
    "FROM general_ledger WHERE business_id = ? AND posting_date BETWEEN ? AND ? "
    "ORDER BY posting_date, entry_id, posting_id"
)
SALES_TAX_ANY = "SELECT 1 FROM sales_tax WHERE business_id = ? LIMIT 1"
SALES_TAX = (
    "SELECT currency_code, tax_name, month_start_date, tax_collected_amount, tax_paid_amount, net_tax_amount, "
    "taxable_collected_amount, taxable_paid_amount, gap_reason FROM sales_tax "
    "WHERE business_id = ? AND basis = ? AND month_start_date BETWEEN ? AND ? ORDER BY 1, 2, 3"
)
AGING_DAYS = tuple(
    f"SELECT min(as_of_date) FROM {mart} WHERE business_id = ?"  # noqa: S608 - our own names
    for mart in ("ar_aging", "ap_aging")
)
RECEIVABLES = (
    "SELECT currency_code, client_name, invoice_number, create_date, due_date, total_amount, outstanding_amount, "
    "days_overdue, aging_bucket, gap_reason FROM ar_aging "
    "WHERE business_id = ? AND as_of_date = ? AND outstanding_amount <> 0 "
    "ORDER BY currency_code, client_name, due_date, invoice_id"
)
PAYABLES = (
    "SELECT currency_code, vendor_name, bill_number, issue_date, due_date, total_amount, outstanding_amount, "
    "days_overdue, aging_bucket, gap_reason FROM ap_aging "
    "WHERE business_id = ? AND as_of_date = ? AND outstanding_amount <> 0 "
    "ORDER BY currency_code, vendor_name, due_date, bill_id"
)
RECONCILIATION = (
    "SELECT currency_code, check_name, CASE check_kind WHEN 'freshbooks_report' THEN 'FreshBooks report' "
    "WHEN 'own_arithmetic' THEN 'internal consistency' ELSE check_kind END, start_date, end_date, our_amount, "
    "freshbooks_amount, difference_amount, CASE WHEN is_ok THEN 'yes' ELSE 'no' END FROM fb_reconciliation "
    "WHERE business_id = ? AND (end_date IS NULL OR end_date BETWEEN ? AND ?) "
    "ORDER BY is_ok, check_kind, check_name, currency_code, end_date"
)
