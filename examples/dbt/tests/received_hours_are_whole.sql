-- What was received within the days that are read again, but for today, is whole: the query of docs/complete.md of Sluice.
-- In the local cloud no night has judged: there it warns. https://docs.getdbt.com/reference/resource-configs/severity
{{ config(severity='warn' if target.name == 'local' else 'error') }}
select *
from (
  select
    case
      when count_if(state = 'short') > 0 then 'short'
      when count_if(state = 'unknown') > 0 then 'unknown'
      when count_if(state = 'whole') = {{ var('lookback_days') }} * 72
        then if(sum(unproved) <= {{ var('unproved_events') }}, 'whole', 'unproved')
      else 'open'
    end as state,
    sum(missing) as missing,
    sum(unproved) as unproved
  from {{ source('sluice', 'received_hours') }}
  where ds between {{ last_day() }} - interval '{{ var("lookback_days") }}' day and {{ last_day() }} - interval '1' day
)
where state <> 'whole'
