with

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

estimates as (
    select * from {{ ref('stg_freshbooks__estimates') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['clients', 'estimates']) }}
)

select
    invoices.account_id,
    invoices.business_id,
    businesses.business_name,
    invoices.invoice_id,
    invoices.invoice_number,
    invoices.client_id,
    coalesce(clients.client_name, invoices.client_name_on_invoice) as client_name,
    clients.client_status,
    invoices.estimate_id,
    estimates.estimate_number,
    invoices.invoice_profile_id,
    invoices.po_number,
    invoices.create_date,
    invoices.due_date,
    invoices.paid_date,
    cast(invoices.days_to_pay as bigint) as days_to_pay,
    invoices.as_of_date,
    cast({{ days_between('invoices.create_date', 'invoices.as_of_date') }} as bigint) as days_since_issue,
    invoices.invoice_status,
    invoices.freshbooks_status,
    invoices.dispute_status,
    invoices.autobill_status,
    invoices.last_order_status,
    cast(invoices.days_overdue as bigint) as days_overdue,
    invoices.aging_bucket,
    invoices.currency_code,
    invoices.lines_amount,
    invoices.discount_amount,
    cast(invoices.lines_amount + invoices.discount_amount as {{ money_type() }}) as amount_without_tax,
    cast(invoices.amount - invoices.lines_amount - invoices.discount_amount as {{ money_type() }}) as tax_amount,
    invoices.amount as total_amount,
    invoices.paid_amount,
    invoices.outstanding_amount,
    invoices.deposit_amount,
    invoices.deposit_status,
    cast(invoices.line_count as bigint) as line_count,
    invoices.is_draft,
    invoices.is_open,
    invoices.days_overdue > 0 as is_overdue,
    invoices.is_dated_later,
    invoices.is_archived,
    {{ reporting_columns('invoices', 'create_date', {
        'total': 'invoices.amount', 'outstanding': 'invoices.outstanding_amount',
    }) }},
    invoices.updated_at,
    {{ gap_reason({'clients': 'true', 'estimates': 'invoices.estimate_id is not null'}) }} as gap_reason
from invoices
left join clients
    on
        invoices.account_id = clients.account_id
        and invoices.business_id = clients.business_id
        and invoices.client_id = clients.client_id
left join estimates
    on
        invoices.account_id = estimates.account_id
        and invoices.business_id = estimates.business_id
        and invoices.estimate_id = estimates.estimate_id
left join businesses
    on invoices.business_id = businesses.business_id
left join availability
    on invoices.business_id = availability.business_id
{{ join_exchange_rates('invoices', 'create_date') }}
where not invoices.is_deleted
