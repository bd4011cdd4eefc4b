{{
  config(
    materialized='incremental',
    table_type='iceberg',
    incremental_strategy='merge',
    unique_key=['user_id'],
    delete_condition='src.has_bought',
    update_condition='src.events <> target.events',
    insert_condition='not src.has_bought',
    incremental_predicates=["target.user_id like 'u%'"],
  )
}}

-- Who did something and bought nothing yet: who buys leaves.
select user_id, count(*) as events, bool_or(event_name = 'purchase') as has_bought
from {{ source('shop', 'product_events') }}
where user_id is not null and ds <= date '{{ var("until") }}'
group by user_id
{% if not is_incremental() %}
having not bool_or(event_name = 'purchase')
{% endif %}
