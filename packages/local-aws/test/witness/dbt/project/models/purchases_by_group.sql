{{ config(materialized='table', ha=true, versions_to_keep=1) }}

select seen.group_id, count(*) as purchases, sum(events.value_number) as total
from {{ source('shop', 'product_events') }} as events
join {{ ref('first_groups') }} as seen
  on events.user_id = seen.unit_id and events."timestamp" >= seen.ts
where events.event_name = 'purchase'
group by 1
