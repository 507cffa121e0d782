{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'uuid': 'string', 'name': 'string',
    'journalEntryNumber': 'string', 'description': 'string', 'userEnteredDate': 'json',
    'details': 'json_array', 'reverseDepth': 'bigint', 'observed_at': 'timestamp', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'uuid'] %}
with

raw_journal_entries as (
    {{ raw_stream('journal_entries', columns, key, expected=['observed_at']) }}
),

newest as (
    {{ newest_version('raw_journal_entries', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    uuid as journal_entry_uuid,
    name as entry_name,
    journalentrynumber as entry_number,
    description,
    userentereddate as entry_date_parts,
    details,
    reversedepth as reverse_depth,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
