with

estimates as (
    select * from {{ ref('stg_freshbooks__estimates') }}
    where rejected_values is null
),

invoices as (
    select * from {{ ref('stg_freshbooks__invoices') }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices']) }}
),

-- The first invoice made from an estimate; deleted ones don't count.
ranked as (
    select
        account_id,
        business_id,
        estimate_id,
        invoice_id,
        invoice_number,
        create_date,
        currency_code,
        amount,
        row_number() over (
            partition by account_id, business_id, estimate_id
            order by create_date asc, invoice_id asc
        ) as preference
    from invoices
    where estimate_id is not null and not is_deleted
),

first_invoices as (
    select * from ranked
    where preference = 1
),

invoice_totals as (
    select
        account_id,
        business_id,
        estimate_id,
        currency_code,
        sum(amount) as invoiced_amount
    from ranked
    group by account_id, business_id, estimate_id, currency_code
)

select
    estimates.account_id,
    estimates.business_id,
    estimates.estimate_id,
    estimates.estimate_number,
    estimates.client_id,
    estimates.client_name_on_estimate,
    estimates.project_id,
    estimates.create_date,
    estimates.currency_code,
    estimates.amount,
    estimates.discount_amount,
    {{ are_available(['invoices']) }} as has_invoices,
    -- Without invoices only FreshBooks' own status says that there is one.
    case
        when first_invoices.invoice_id is not null then 'invoiced'
        when {{ are_available(['invoices']) }} or estimates.estimate_stage = 'invoiced' then estimates.estimate_stage
    end as estimate_stage,
    case
        when first_invoices.invoice_id is not null or estimates.estimate_stage = 'invoiced' then true
        when {{ are_available(['invoices']) }} then false
    end as is_converted,
    case
        when {{ are_available(['invoices']) }}
            then cast(coalesce(invoice_totals.invoiced_amount, 0) as {{ money_type() }})
    end as invoiced_amount,
    -- What FreshBooks alone calls invoiced, by no invoice that is known, counts whole.
    case
        when {{ are_available(['invoices']) }} and first_invoices.invoice_id is not null
            then least(estimates.amount, greatest(0, coalesce(invoice_totals.invoiced_amount, 0)))
        when {{ are_available(['invoices']) }} and estimates.estimate_stage = 'invoiced' then estimates.amount
        when {{ are_available(['invoices']) }} then 0
    end as converted_amount,
    first_invoices.invoice_id,
    first_invoices.invoice_number,
    first_invoices.create_date as invoice_date,
    {{ days_between('estimates.create_date', 'first_invoices.create_date') }} as days_to_invoice,
    estimates.updated_at,
    estimates.is_deleted,
    estimates.is_archived
from estimates
left join first_invoices
    on
        estimates.account_id = first_invoices.account_id
        and estimates.business_id = first_invoices.business_id
        and estimates.estimate_id = first_invoices.estimate_id
left join invoice_totals
    on
        estimates.account_id = invoice_totals.account_id
        and estimates.business_id = invoice_totals.business_id
        and estimates.estimate_id = invoice_totals.estimate_id
        and estimates.currency_code = invoice_totals.currency_code
left join availability
    on estimates.business_id = availability.business_id
