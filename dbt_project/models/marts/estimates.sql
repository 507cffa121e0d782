with

estimates as (
    select * from {{ ref('int_estimates') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

projects as (
    select * from {{ ref('int_projects') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices', 'clients', 'projects']) }}
)

select
    estimates.account_id,
    estimates.business_id,
    businesses.business_name,
    estimates.estimate_id,
    estimates.estimate_number,
    estimates.client_id,
    coalesce(clients.client_name, estimates.client_name_on_estimate) as client_name,
    estimates.project_id,
    projects.project_name,
    estimates.create_date,
    estimates.estimate_stage,
    estimates.currency_code,
    estimates.discount_amount,
    estimates.amount as total_amount,
    estimates.is_converted,
    estimates.is_converted and estimates.converted_amount < estimates.amount as is_partly_converted,
    estimates.invoiced_amount,
    estimates.invoice_id,
    estimates.invoice_number,
    estimates.invoice_date,
    cast(estimates.days_to_invoice as bigint) as days_to_invoice,
    estimates.is_archived,
    estimates.updated_at,
    {{ gap_reason({
        'invoices': 'true',
        'clients': 'estimates.client_id is not null',
        'projects': 'estimates.project_id is not null',
    }) }} as gap_reason
from estimates
left join clients
    on
        estimates.account_id = clients.account_id
        and estimates.business_id = clients.business_id
        and estimates.client_id = clients.client_id
left join projects
    on
        estimates.account_id = projects.account_id
        and estimates.business_id = projects.business_id
        and estimates.project_id = projects.project_id
left join businesses
    on estimates.business_id = businesses.business_id
left join availability
    on estimates.business_id = availability.business_id
where not estimates.is_deleted
