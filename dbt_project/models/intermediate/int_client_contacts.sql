with

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

elements as (
    {{ json_elements('clients', 'contacts', ['account_id', 'business_id', 'client_id']) }}
),

secondary as (
    select
        account_id,
        business_id,
        client_id,
        element_number as contact_number,
        -- The id's name differs between answers (freshbooks-api.md 3.6); some have none.
        coalesce(
            {{ json_text('element', 'contactid') }},
            {{ json_text('element', 'id') }},
            {{ json_text('element', 'userid') }}
        ) as contact_id,
        nullif(trim({{ json_text('element', 'fname') }}), '') as first_name,
        nullif(trim({{ json_text('element', 'lname') }}), '') as last_name,
        lower(nullif(trim({{ json_text('element', 'email') }}), '')) as email,
        nullif(trim({{ json_text('element', 'phone1') }}), '') as business_phone,
        nullif(trim({{ json_text('element', 'phone2') }}), '') as mobile_phone
    from elements
),

-- An element may hold nobody: it may be empty, or no object at all.
persons as (
    select * from secondary
    where coalesce(contact_id, first_name, last_name, email, business_phone, mobile_phone) is not null
),

people as (
    select
        account_id,
        business_id,
        client_id,
        0 as contact_number,
        'primary' as contact_name_in_client,
        true as is_primary,
        first_name,
        last_name,
        email,
        business_phone,
        mobile_phone,
        home_phone
    from clients
    union all
    select
        account_id,
        business_id,
        client_id,
        contact_number,
        coalesce(contact_id, 'number ' || {{ as_text('contact_number') }}) as contact_name_in_client,
        false as is_primary,
        first_name,
        last_name,
        email,
        business_phone,
        mobile_phone,
        null as home_phone
    from persons
),

named as (
    select
        *,
        nullif(lower(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))), '') as person_name
    from people
),

-- Several people may share an address, such as that of their office: their names tell them apart.
compared as (
    select
        *,
        min(person_name) over (partition by account_id, business_id, email)
        <> max(person_name) over (partition by account_id, business_id, email) as is_shared_email
    from named
)

select
    people.account_id,
    people.business_id,
    people.client_id,
    people.contact_number,
    people.is_primary,
    -- A person without an e-mail is known by client and place there.
    case
        when people.email is null
            then 'client ' || {{ as_text('people.client_id') }} || ', ' || people.contact_name_in_client
        when people.is_shared_email and people.person_name is not null
            then people.email || ', ' || people.person_name
        else people.email
    end as contact_key,
    people.first_name,
    people.last_name,
    people.email,
    people.business_phone,
    people.mobile_phone,
    people.home_phone,
    clients.organization,
    clients.street,
    clients.street2,
    clients.city,
    clients.province,
    clients.postal_code,
    clients.country,
    clients.language_code,
    clients.currency_code,
    clients.client_status,
    case clients.client_status when 'active' then 1 when 'archived' then 2 else 3 end as status_rank,
    clients.updated_at
from compared as people
inner join clients
    on
        people.account_id = clients.account_id
        and people.business_id = clients.business_id
        and people.client_id = clients.client_id
