with

taxes as (
    select * from {{ ref('stg_freshbooks__taxes') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
)

select
    taxes.account_id,
    taxes.business_id,
    businesses.business_name,
    taxes.tax_id,
    taxes.tax_name,
    cast(taxes.tax_percent as {{ decimal(9, 4) }}) as tax_percent,
    taxes.tax_number,
    taxes.is_compound,
    taxes.tax_status,
    taxes.updated_at
from taxes
left join businesses
    on taxes.business_id = businesses.business_id
