with

invoices as (
    select * from {{ ref('int_invoices') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

shares as (
    select * from {{ ref('int_cash_shares') }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

other_income as (
    select * from {{ ref('stg_freshbooks__other_income') }}
    where rejected_values is null
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices', 'payments', 'credit_notes', 'other_income', 'clients']) }}
),

credits_without_tax as (
    {{ credit_notes_without_tax('credit_notes') }}
),

income_without_tax as (
    {{ other_income_without_tax('other_income') }}
),

events as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        {{ month_start('create_date') }} as month_start_date,
        amount as invoiced_amount,
        lines_amount + discount_amount as accrued_amount,
        0 as credited_amount,
        0 as credited_without_tax_amount,
        0 as other_income_amount,
        0 as other_income_without_tax_amount,
        0 as collected_amount,
        0 as collected_without_tax_amount,
        0 as paid_in_credit_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from invoices
    where is_receivable
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        {{ month_start('create_date') }} as month_start_date,
        0 as invoiced_amount,
        0 as accrued_amount,
        amount as credited_amount,
        amount_without_tax as credited_without_tax_amount,
        0 as other_income_amount,
        0 as other_income_without_tax_amount,
        0 as collected_amount,
        0 as collected_without_tax_amount,
        0 as paid_in_credit_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from credits_without_tax
    where not is_deleted and not is_draft and not {{ is_paid_in('credit_type') }}
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        {{ month_start('create_date') }} as month_start_date,
        0 as invoiced_amount,
        0 as accrued_amount,
        0 as credited_amount,
        0 as credited_without_tax_amount,
        0 as other_income_amount,
        0 as other_income_without_tax_amount,
        0 as collected_amount,
        0 as collected_without_tax_amount,
        amount as paid_in_credit_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from credit_notes
    where not is_deleted and not is_draft and {{ is_paid_in('credit_type') }}
    union all
    select
        account_id,
        business_id,
        cast(null as bigint) as client_id,
        currency_code,
        {{ month_start('income_date') }} as month_start_date,
        0 as invoiced_amount,
        0 as accrued_amount,
        0 as credited_amount,
        0 as credited_without_tax_amount,
        amount as other_income_amount,
        amount_without_tax as other_income_without_tax_amount,
        0 as collected_amount,
        0 as collected_without_tax_amount,
        0 as paid_in_credit_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from income_without_tax
    where not is_deleted
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        {{ month_start('payment_date') }} as month_start_date,
        0 as invoiced_amount,
        0 as accrued_amount,
        0 as credited_amount,
        0 as credited_without_tax_amount,
        0 as other_income_amount,
        0 as other_income_without_tax_amount,
        case when is_counted and is_cash then applied_amount else 0 end as collected_amount,
        0 as collected_without_tax_amount,
        0 as paid_in_credit_amount,
        case when is_counted and not is_cash then applied_amount else 0 end as credit_applied_amount,
        case when is_invoice_deleted and is_cash then amount else 0 end as collected_on_deleted_invoices_amount
    from payments
    -- A payment without an invoice is a credit note's, which stands above.
    where not is_deleted and invoice_id is not null
    union all
    select
        invoices.account_id,
        invoices.business_id,
        invoices.client_id,
        invoices.currency_code,
        {{ month_start('shares.event_date') }} as month_start_date,
        0 as invoiced_amount,
        0 as accrued_amount,
        0 as credited_amount,
        0 as credited_without_tax_amount,
        0 as other_income_amount,
        0 as other_income_without_tax_amount,
        0 as collected_amount,
        {{ paid_portion('(invoices.lines_amount + invoices.discount_amount)', 'shares') }}
            as collected_without_tax_amount,
        0 as paid_in_credit_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from shares
    inner join invoices
        on
            shares.account_id = invoices.account_id
            and shares.business_id = invoices.business_id
            and shares.document_id = invoices.invoice_id
    where shares.document_type = 'invoice'
),

monthly as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        month_start_date,
        sum(invoiced_amount) as invoiced_amount,
        sum(accrued_amount) as accrued_amount,
        sum(credited_amount) as credited_amount,
        {{ round_money('sum(credited_without_tax_amount)') }} as credited_without_tax_amount,
        sum(other_income_amount) as other_income_amount,
        {{ round_money('sum(other_income_without_tax_amount)') }} as other_income_without_tax_amount,
        sum(collected_amount) as collected_amount,
        sum(collected_without_tax_amount) as collected_without_tax_amount,
        sum(paid_in_credit_amount) as paid_in_credit_amount,
        sum(credit_applied_amount) as credit_applied_amount,
        sum(collected_on_deleted_invoices_amount) as collected_on_deleted_invoices_amount
    from events
    group by account_id, business_id, client_id, currency_code, month_start_date
)

select
    monthly.account_id,
    monthly.business_id,
    businesses.business_name,
    monthly.month_start_date,
    monthly.client_id,
    clients.client_name,
    monthly.currency_code,
    case
        when {{ are_available(['invoices']) }}
            then cast(monthly.invoiced_amount as {{ money_type() }})
    end as invoiced_amount,
    case
        when {{ are_available(['invoices']) }}
            then cast(monthly.accrued_amount as {{ money_type() }})
    end as accrued_amount,
    case
        when {{ are_available(['credit_notes']) }}
            then cast(monthly.credited_amount as {{ money_type() }})
    end as credited_amount,
    case
        when {{ are_available(['credit_notes']) }}
            then cast(monthly.credited_without_tax_amount as {{ money_type() }})
    end as credited_without_tax_amount,
    case
        when {{ are_available(['other_income']) }}
            then cast(monthly.other_income_amount as {{ money_type() }})
    end as other_income_amount,
    case
        when {{ are_available(['other_income']) }}
            then cast(monthly.other_income_without_tax_amount as {{ money_type() }})
    end as other_income_without_tax_amount,
    case
        when {{ are_available(['invoices', 'credit_notes', 'other_income']) }}
            then
                cast(
                    monthly.accrued_amount
                    - monthly.credited_without_tax_amount
                    + monthly.other_income_without_tax_amount
                    as {{ money_type() }}
                )
    end as net_revenue_amount,
    case
        when {{ are_available(['payments', 'invoices']) }}
            then cast(monthly.collected_amount as {{ money_type() }})
    end as collected_amount,
    case
        when {{ are_available(['payments', 'invoices', 'credit_notes']) }}
            then cast(monthly.collected_without_tax_amount as {{ money_type() }})
    end as collected_without_tax_amount,
    case
        when {{ are_available(['credit_notes']) }}
            then cast(monthly.paid_in_credit_amount as {{ money_type() }})
    end as paid_in_credit_amount,
    case
        when {{ are_available(['payments', 'invoices']) }}
            then cast(monthly.credit_applied_amount as {{ money_type() }})
    end as credit_applied_amount,
    case
        when {{ are_available(['payments', 'invoices']) }}
            then cast(monthly.collected_on_deleted_invoices_amount as {{ money_type() }})
    end as collected_on_deleted_invoices_amount,
    {{ gap_reason({
        'invoices': 'true',
        'payments': 'true',
        'credit_notes': 'true',
        'other_income': 'true',
        'clients': 'monthly.client_id is not null',
    }) }} as gap_reason
from monthly
left join clients
    on
        monthly.account_id = clients.account_id
        and monthly.business_id = clients.business_id
        and monthly.client_id = clients.client_id
left join businesses
    on monthly.business_id = businesses.business_id
left join availability
    on monthly.business_id = availability.business_id
where
    monthly.invoiced_amount <> 0
    or monthly.accrued_amount <> 0
    or monthly.credited_amount <> 0
    or monthly.other_income_amount <> 0
    or monthly.collected_amount <> 0
    or monthly.collected_without_tax_amount <> 0
    or monthly.paid_in_credit_amount <> 0
    or monthly.credit_applied_amount <> 0
    or monthly.collected_on_deleted_invoices_amount <> 0
