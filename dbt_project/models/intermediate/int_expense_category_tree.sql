with

categories as (
    select * from {{ ref('stg_freshbooks__expense_categories') }}
    where rejected_values is null
)

-- FreshBooks shows two levels; four are followed.
select
    node.account_id,
    node.business_id,
    node.category_id,
    node.category_name,
    node.category_status,
    node.is_cogs,
    parent1.category_id as parent_category_id,
    parent1.category_name as parent_category_name,
    case
        when parent1.category_id is null then 1
        when parent2.category_id is null then 2
        when parent3.category_id is null then 3
        when parent3.parent_category_id is null then 4
        else 5
    end as category_level,
    coalesce(parent3.category_name || ' > ', '')
    || coalesce(parent2.category_name || ' > ', '')
    || coalesce(parent1.category_name || ' > ', '')
    || node.category_name as category_path
from categories as node
left join categories as parent1
    on
        node.account_id = parent1.account_id
        and node.business_id = parent1.business_id
        and node.parent_category_id = parent1.category_id
left join categories as parent2
    on
        parent1.account_id = parent2.account_id
        and parent1.business_id = parent2.business_id
        and parent1.parent_category_id = parent2.category_id
left join categories as parent3
    on
        parent2.account_id = parent3.account_id
        and parent2.business_id = parent3.business_id
        and parent2.parent_category_id = parent3.category_id
