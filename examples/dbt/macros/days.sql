{# The last day that counts, as an expression of type date. #}
{% macro last_day() -%}
  {%- if var('until') -%} date '{{ var("until") }}' {%- else -%} current_date {%- endif -%}
{%- endmacro %}

{#
  From which day on an incremental model of events reads again, as a literal: Athena then reads no older partitions. All days
  if the seed lists an event of which the model has no row: it may be new. So does the first build.
#}
{% macro first_day_again(relation, metrics) -%}
  {%- set found = run_query(
    "select cast(max(ds) - interval '" ~ var('lookback_days') ~ "' day as varchar) from " ~ relation
    ~ " having (select count(*) from " ~ metrics ~ " where event_name not in (select event_name from " ~ relation ~ ")) = 0"
  ) -%}
  {%- set days = found.columns[0].values() if execute else [] -%}
  {{ return("date '" ~ (days[0] if days and days[0] else '1970-01-01') ~ "'") }}
{%- endmacro %}
