-- The events that any metric counts, once for each ID that a unit may go by.
select
  ids.unit_type,
  ids.unit_id,
  events.event_id,
  events.event_name,
  events.value_number,
  events."timestamp" as happened_at,
  events.ds
from {{ source('sluice', 'product_events') }} as events
cross join unnest(
  array[{% for unit in var('unit_types') %}'{{ unit }}'{{ ', ' if not loop.last }}{% endfor %}],
  array[{% for unit in var('unit_types') %}events.{{ unit }}{{ ', ' if not loop.last }}{% endfor %}]
) as ids (unit_type, unit_id)
where ids.unit_id is not null
  and events.event_name in (select event_name from {{ ref('metrics') }})
