{#
  Children of large documents may be kept between builds and renewed where the document was read again: variable
  freshbooks_incremental, for a work schema that outlives a build. First the children of every document with an
  extraction time at or after the newest one kept are deleted, then those of all documents without children here
  are inserted: a document that lost its children leaves none, one that never had any adds none. The time is that
  of extraction, never a business time, so late rows are seen; deletions are flags on the document.
#}
{% macro fact_materialization() -%}
    {{ return('incremental' if var('freshbooks_incremental') else 'table') }}
{%- endmacro %}

{# Pre-hook: deletes the rows whose parent was read again. `key` identifies the parent. #}
{% macro delete_renewed(parents, key) -%}
    {%- if var('freshbooks_incremental') and is_incremental() -%}
delete from {{ this }}
where exists (
    select 1
    from {{ parents }} as renewed
    where
        renewed.extracted_at >= (select max(kept.extracted_at) from {{ this }} as kept)
        {%- for column in key %}
        and renewed.{{ column }} = {{ this.identifier }}.{{ column }}
        {%- endfor %}
)
    {%- endif -%}
{%- endmacro %}

{# A where clause: parents that have no row in the model. #}
{% macro where_absent(parents, key) -%}
    {%- if var('freshbooks_incremental') and is_incremental() -%}
where not exists (
    select 1
    from {{ this }} as kept
    where {% for column in key %}{{ 'and ' if not loop.first }}kept.{{ column }} = {{ parents }}.{{ column }} {% endfor %}
)
    {%- endif -%}
{%- endmacro %}
