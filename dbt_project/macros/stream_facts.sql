{#
  What each stream of the connector gives the marts: the words for it, what is lost without it, and the marts that hold
  less then. stream_availability is not one of them: it tells about the others.
#}
{% macro stream_facts() -%}
    {{ return({
        'businesses': {
            'effect': 'The name and the time zone of the business are unknown.',
            'marts': ['businesses'],
        },
        'systems': {
            'words': 'base currency',
            'effect': 'The base currency of the business is unknown, so projects and time without a client have no currency.',
            'marts': ['businesses', 'projects', 'unbilled_time', 'hours'],
        },
        'clients': {
            'effect': 'Client details, contacts and currencies are unknown: names of clients come from the documents alone, and unbilled time of clients has no value.',
            'marts': [
                'clients', 'crm_contacts', 'outstanding_balances', 'invoices', 'invoice_lines', 'payments', 'credits',
                'estimates', 'expenses', 'projects', 'time_entries', 'unbilled_time', 'hours', 'revenue_monthly', 'ar_aging',
                'general_ledger', 'recurring_invoices',
            ],
        },
        'invoices': {
            'effect': 'Invoices, balances, receivables, revenue and money in are unknown, and so is which estimates were invoiced.',
            'marts': [
                'invoices', 'invoice_lines', 'outstanding_balances', 'ar_aging', 'revenue_monthly', 'cash_monthly',
                'payments', 'estimates', 'estimates_pipeline', 'clients', 'crm_contacts', 'expenses', 'sales_tax',
                'sales_tax_lines', 'cash_forecast',
            ],
        },
        'invoice_profiles': {
            'words': 'recurring invoice templates',
            'effect': 'Recurring invoices are unknown, and the forecast of cash lacks them.',
            'marts': ['recurring_invoices', 'cash_forecast'],
        },
        'estimates': {
            'effect': 'Estimates are unknown, and so is the first and last activity of clients.',
            'marts': ['estimates', 'estimates_pipeline', 'invoices', 'clients', 'crm_contacts'],
        },
        'payments': {
            'effect': 'Paid amounts come from the invoices alone: what was collected when, money in and past receivables are unknown.',
            'marts': [
                'payments', 'revenue_monthly', 'cash_monthly', 'ar_aging', 'outstanding_balances', 'clients',
                'crm_contacts', 'sales_tax', 'sales_tax_lines',
            ],
        },
        'credit_notes': {
            'effect': 'Unused credit comes from the clients alone: credits given, prepayments and money in are unknown.',
            'marts': [
                'credits', 'outstanding_balances', 'revenue_monthly', 'cash_monthly', 'payments', 'clients',
                'crm_contacts', 'sales_tax', 'sales_tax_lines',
            ],
        },
        'expenses': {
            'effect': 'Expenses, money out, net cash and sales tax paid are unknown.',
            'marts': ['expenses', 'expense_categories', 'cash_monthly', 'cash_forecast', 'sales_tax', 'sales_tax_lines'],
        },
        'expense_categories': {
            'effect': 'Expenses have no category names, and costs of goods sold cannot be told apart.',
            'marts': ['expenses', 'expense_categories'],
        },
        'items': {
            'effect': 'Items are unknown.',
            'marts': ['items'],
        },
        'taxes': {
            'effect': 'The list of taxes is unknown, and items do not name theirs.',
            'marts': ['taxes', 'items'],
        },
        'tasks': {
            'effect': 'Tasks are not stored.',
            'marts': [],
        },
        'bills': {
            'effect': 'Bills, what is owed to vendors, money out, net cash and sales tax paid are unknown.',
            'marts': [
                'bills', 'ap_aging', 'bill_payments', 'cash_monthly', 'cash_forecast', 'sales_tax', 'sales_tax_lines',
            ],
        },
        'bill_vendors': {
            'words': 'vendors of bills',
            'effect': 'Names of vendors come from the bills alone.',
            'marts': ['bills', 'bill_payments', 'ap_aging'],
        },
        'bill_payments': {
            'words': 'payments of bills',
            'effect': 'Paid amounts come from the bills alone: money out, net cash and past payables are unknown.',
            'marts': ['bill_payments', 'cash_monthly', 'ap_aging', 'sales_tax', 'sales_tax_lines'],
        },
        'other_income': {
            'effect': 'Other income, money in and net cash are unknown.',
            'marts': ['other_income', 'revenue_monthly', 'cash_monthly', 'sales_tax', 'sales_tax_lines'],
        },
        'projects': {
            'effect': 'Projects are unknown, so time on them has no rate, and whether it is unbilled is unknown.',
            'marts': [
                'projects', 'services', 'time_entries', 'unbilled_time', 'hours', 'estimates', 'expenses', 'invoice_lines',
            ],
        },
        'time_entries': {
            'effect': 'Logged and unbilled hours are unknown.',
            'marts': ['time_entries', 'unbilled_time', 'hours', 'projects', 'team_members'],
        },
        'services': {
            'effect': 'Services are unknown but for those that projects name, and time billed by the service has no rate.',
            'marts': ['services', 'time_entries', 'unbilled_time', 'hours'],
        },
        'service_rates': {
            'effect': 'Rates of services are unknown, so time billed by the service has no value.',
            'marts': ['services', 'unbilled_time', 'hours'],
        },
        'team_members': {
            'effect': 'Names of the people behind logged time are unknown.',
            'marts': ['team_members', 'time_entries', 'unbilled_time', 'hours'],
        },
        'team_member_rates': {
            'effect': 'Rates of people are unknown, so time billed by the person has no value.',
            'marts': ['team_members', 'unbilled_time', 'hours'],
        },
        'staff': {
            'effect': 'Expenses do not name the person behind them.',
            'marts': ['expenses'],
        },
        'journal_entry_accounts': {
            'words': 'accounts of the general ledger',
            'effect': 'The types of ledger accounts are unknown, so the statements of FreshBooks are not compared with the ledger.',
            'marts': ['fb_reconciliation'],
        },
        'journal_entry_details': {
            'words': 'postings of the general ledger',
            'effect': 'The general ledger is unknown, and the statements of FreshBooks are not compared with it.',
            'marts': ['general_ledger', 'fb_reconciliation'],
        },
        'journal_entries': {
            'words': 'journal entries written by hand',
            'effect': 'Numbers and names of journal entries written by hand are not stored.',
            'marts': [],
        },
        'retainers': {
            'effect': 'Retainers are not stored.',
            'marts': [],
        },
        'report_general_ledger': {
            'words': 'the general ledger report',
            'effect': 'The general ledger is not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_cash_flow': {
            'words': 'the cash flow report',
            'effect': 'The cash flow report is not stored.',
            'marts': [],
        },
        'report_chart_of_accounts': {
            'words': 'the chart of accounts with balances',
            'effect': 'The chart of accounts with balances is not stored.',
            'marts': [],
        },
        'ledger_accounts': {
            'words': 'chart of accounts',
            'effect': 'The newer chart of accounts is not stored.',
            'marts': [],
        },
        'report_profit_and_loss': {
            'words': 'profit and loss report',
            'effect': 'The profit and loss of FreshBooks is unknown, and income and expenses are not compared with it.',
            'marts': ['profit_and_loss', 'fb_reconciliation'],
        },
        'report_balance_sheet': {
            'words': 'balance sheet',
            'effect': 'The balance sheet is unknown, and the ledger is not compared with it.',
            'marts': ['balance_sheet', 'fb_reconciliation'],
        },
        'report_trial_balance': {
            'words': 'trial balance',
            'effect': 'The trial balance is unknown, and the ledger is not compared with it.',
            'marts': ['trial_balance', 'fb_reconciliation'],
        },
        'report_tax_summary': {
            'words': 'tax summary report',
            'effect': 'Taxes are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_payments_collected': {
            'words': 'payments collected report',
            'effect': 'Payments are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_accounts_aging': {
            'words': 'accounts aging report',
            'effect': 'Receivables are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_invoice_details': {
            'words': 'invoice details report',
            'effect': 'Invoices are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_expense_details': {
            'words': 'expense details report',
            'effect': 'Expenses are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_item_sales': {
            'words': 'item sales report',
            'effect': 'Sales of items are not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
        'report_revenue_by_client': {
            'words': 'revenue by client report',
            'effect': 'Revenue by client is not compared with the report of FreshBooks.',
            'marts': ['fb_reconciliation'],
        },
    }) }}
{%- endmacro %}

{# The words for a stream inside of a sentence. #}
{% macro stream_words(stream) -%}
    {{ return(stream_facts()[stream].get('words', stream | replace('_', ' '))) }}
{%- endmacro %}

{# A fact of the stream that `column` names, as text in SQL; a list becomes words separated by commas. #}
{% macro stream_fact(column, fact) -%}
    case {{ column }}
        {%- for stream, facts in stream_facts().items() if facts[fact] %}
        when '{{ stream }}' then '{{ facts[fact] if facts[fact] is string else facts[fact] | join(', ') }}'
        {%- endfor %}
    end
{%- endmacro %}
