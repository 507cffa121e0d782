{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

invoices as (
    select * from {{ ref('int_invoices') }}
),

invoice_lines as (
    select * from {{ ref('int_invoice_lines') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

detail_reports as (
    select * from {{ ref('stg_freshbooks__report_invoice_details') }}
    where rejected_values is null
),

item_reports as (
    select * from {{ ref('stg_freshbooks__report_item_sales') }}
    where rejected_values is null
),

current_details as (
    {{ current_reports('detail_reports', ['invoices', 'payments'], ['invoices', 'payments']) }}
),

current_items as (
    {{ current_reports('item_reports', ['invoices'], ['invoices']) }}
),

client_elements as (
    {{ json_elements('current_details', 'clients', period_key) }}
),

detailed_clients as (
    select
        account_id,
        business_id,
        currency_code,
        start_date,
        end_date,
        {{ json_part('element', 'invoices') }} as invoices
    from client_elements
),

invoice_elements as (
    {{ json_elements('detailed_clients', 'invoices', period_key) }}
),

item_elements as (
    {{ json_elements('current_items', 'items', period_key) }}
),

sold_lines as (
    select
        invoice_lines.account_id,
        invoice_lines.business_id,
        invoice_lines.currency_code,
        invoice_lines.line_name,
        invoice_lines.amount,
        invoices.create_date
    from invoice_lines
    inner join invoices
        on
            invoice_lines.account_id = invoices.account_id
            and invoice_lines.business_id = invoices.business_id
            and invoice_lines.invoice_id = invoices.invoice_id
    where invoices.is_receivable
),

sides as (
    select
        account_id,
        business_id,
        'invoice details, total' as check_name,
        currency_code,
        start_date,
        end_date,
        'invoice ' || {{ json_text('element', 'invoiceid') }} as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'total.amount')) }} as freshbooks_amount
    from invoice_elements
    where upper({{ json_text('element', 'total.code') }}) = currency_code
    union all
    select
        account_id,
        business_id,
        'invoice details, outstanding' as check_name,
        currency_code,
        start_date,
        end_date,
        'invoice ' || {{ json_text('element', 'invoiceid') }} as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'outstanding.amount')) }} as freshbooks_amount
    from invoice_elements
    where upper({{ json_text('element', 'outstanding.code') }}) = currency_code
    union all
    select
        invoices.account_id,
        invoices.business_id,
        'invoice details, total' as check_name,
        invoices.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'invoice ' || {{ as_text('invoices.invoice_id') }} as row_name,
        invoices.amount as our_amount,
        0 as freshbooks_amount
    from invoices
    inner join current_details as current_reports
        on {{ is_in_report('invoices', 'create_date') }}
    -- Drafts are in this report (freshbooks-api.md 3.10).
    where not invoices.is_deleted
    union all
    select
        invoices.account_id,
        invoices.business_id,
        'invoice details, outstanding' as check_name,
        invoices.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'invoice ' || {{ as_text('invoices.invoice_id') }} as row_name,
        invoices.freshbooks_outstanding_amount as our_amount,
        0 as freshbooks_amount
    from invoices
    inner join current_details as current_reports
        on {{ is_in_report('invoices', 'create_date') }}
    where not invoices.is_deleted
    union all
    select
        account_id,
        business_id,
        'item sales' as check_name,
        currency_code,
        start_date,
        end_date,
        'item ' || coalesce(nullif(trim({{ json_text('element', 'name') }}), ''), 'without a name') as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'total.amount')) }} as freshbooks_amount
    from item_elements
    union all
    select
        account_id,
        business_id,
        'item sales, discount' as check_name,
        currency_code,
        start_date,
        end_date,
        'total discount' as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'total_discount.amount')) }} as freshbooks_amount
    from item_elements
    union all
    select
        sold_lines.account_id,
        sold_lines.business_id,
        'item sales' as check_name,
        sold_lines.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'item ' || coalesce(sold_lines.line_name, 'without a name') as row_name,
        sold_lines.amount as our_amount,
        0 as freshbooks_amount
    from sold_lines
    inner join current_items as current_reports
        on {{ is_in_report('sold_lines', 'create_date') }}
    union all
    select
        invoices.account_id,
        invoices.business_id,
        'item sales, discount' as check_name,
        invoices.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'total discount' as row_name,
        invoices.discount_amount as our_amount,
        0 as freshbooks_amount
    from invoices
    inner join current_items as current_reports
        on {{ is_in_report('invoices', 'create_date') }}
    where invoices.is_receivable
)

{{ compared_rows('sides') }}
