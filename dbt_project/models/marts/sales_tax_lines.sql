with

taxes as (
    select * from {{ ref('int_taxes') }}
),

shares as (
    select * from {{ ref('int_cash_shares') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

-- On the cash basis invoices and bills count as they are paid; a goodwill credit is no cash.
lines as (
    select
        account_id,
        business_id,
        'accrual' as basis,
        document_type,
        document_id,
        document_number,
        document_date,
        cast(null as bigint) as payment_id,
        document_date as event_date,
        is_collected,
        currency_code,
        tax_name,
        tax_percent,
        taxable_amount,
        tax_amount
    from taxes
    union all
    select
        account_id,
        business_id,
        'cash' as basis,
        document_type,
        document_id,
        document_number,
        document_date,
        cast(null as bigint) as payment_id,
        document_date as event_date,
        is_collected,
        currency_code,
        tax_name,
        tax_percent,
        taxable_amount,
        tax_amount
    from taxes
    where document_type in ('other income', 'expense')
    union all
    select
        taxes.account_id,
        taxes.business_id,
        'cash' as basis,
        taxes.document_type,
        taxes.document_id,
        taxes.document_number,
        taxes.document_date,
        shares.payment_id,
        shares.event_date,
        taxes.is_collected,
        taxes.currency_code,
        taxes.tax_name,
        taxes.tax_percent,
        {{ paid_portion('taxes.taxable_amount', 'shares') }} as taxable_amount,
        {{ paid_portion('taxes.tax_amount', 'shares') }} as tax_amount
    from taxes
    inner join shares
        on
            taxes.account_id = shares.account_id
            and taxes.business_id = shares.business_id
            and taxes.document_type = shares.document_type
            and taxes.document_id = shares.document_id
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
