{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['ds']) }}

select event_name, count(*) as events, sum(value_number) as total, ds
from {{ source('shop', 'product_events') }}
where ds <= date '{{ var("until") }}'
{% if is_incremental() %}
  -- The last day may have grown: it is overwritten.
  and ds >= (select max(ds) from {{ this }})
{% endif %}
group by event_name, ds
