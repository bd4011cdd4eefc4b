{{ config(materialized='table') }}

-- Every unit has a row for every metric, 0 if it did nothing: means are of all units.
with units as (
  select counted.*, listed.ends_on
  from {{ ref('experiment_units') }} as counted
  join {{ ref('experiments') }} as listed on listed.experiment_id = counted.experiment_id
  where counted.groups_seen = 1
),

measured as (
  select
    units.experiment_id,
    units.unit_id,
    metrics.metric,
    count(*) as events,
    sum(events.value_number) as total
  from units
  join {{ ref('metric_events') }} as events
    on events.unit_type = units.unit_type
    and events.unit_id = units.unit_id
    and events.happened_at >= units.first_exposed_at
    and (units.ends_on is null or events.ds <= units.ends_on)
  join {{ ref('metrics') }} as metrics on metrics.event_name = events.event_name
  group by units.experiment_id, units.unit_id, metrics.metric
)

select
  units.experiment_id,
  units.unit_id,
  units.group_id,
  named.metric,
  named.kind,
  case named.kind
    when 'share' then if(measured.events > 0, 1e0, 0e0)
    when 'count' then cast(coalesce(measured.events, 0) as double)
    else coalesce(measured.total, 0e0)
  end as value
from units
cross join (select distinct metric, kind from {{ ref('metrics') }}) as named
left join measured
  on measured.experiment_id = units.experiment_id
  and measured.unit_id = units.unit_id
  and measured.metric = named.metric
