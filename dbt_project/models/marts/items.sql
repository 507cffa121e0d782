with

items as (
    select * from {{ ref('stg_freshbooks__items') }}
    where rejected_values is null
),

taxes as (
    select * from {{ ref('stg_freshbooks__taxes') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['taxes']) }}
)

select
    items.account_id,
    items.business_id,
    businesses.business_name,
    items.item_id,
    items.item_name,
    items.description,
    items.sku,
    cast(items.default_quantity as {{ decimal(18, 4) }}) as default_quantity,
    cast(items.inventory_quantity as {{ decimal(18, 4) }}) as inventory_quantity,
    items.unit_cost_amount,
    items.currency_code,
    items.tax1_id,
    tax1.tax_name as tax1_name,
    items.tax2_id,
    tax2.tax_name as tax2_name,
    items.item_status,
    items.updated_at,
    {{ gap_reason({'taxes': 'items.tax1_id is not null or items.tax2_id is not null'}) }} as gap_reason
from items
left join taxes as tax1
    on
        items.account_id = tax1.account_id
        and items.business_id = tax1.business_id
        and items.tax1_id = tax1.tax_id
left join taxes as tax2
    on
        items.account_id = tax2.account_id
        and items.business_id = tax2.business_id
        and items.tax2_id = tax2.tax_id
left join businesses
    on items.business_id = businesses.business_id
left join availability
    on items.business_id = availability.business_id
