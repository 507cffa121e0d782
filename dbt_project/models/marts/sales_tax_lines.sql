with

taxes as (
    select * from {{ by_invoice(ref('int_taxes'), 'document_id') }}
),

shares as (
    select * from {{ by_invoice(ref('int_cash_shares'), 'document_id') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

lines as (
    {{ on_both_bases(
        'taxes', 'shares',
        ['document_number', 'document_date', 'is_collected', 'currency_code', 'tax_name', 'tax_percent'],
        ['taxable_amount', 'tax_amount'], 'document_date'
    ) }}
)

select
    lines.account_id,
    lines.business_id,
    businesses.business_name,
    lines.basis,
    lines.event_date,
    {{ month_start('lines.event_date') }} as month_start_date,
    lines.is_collected,
    lines.document_type,
    lines.document_id,
    lines.document_number,
    lines.document_date,
    lines.payment_id,
    lines.tax_name,
    cast(lines.tax_percent as {{ decimal(18, 6) }}) as tax_percent,
    lines.currency_code,
    lines.taxable_amount,
    lines.tax_amount
from lines
left join businesses
    on lines.business_id = businesses.business_id
