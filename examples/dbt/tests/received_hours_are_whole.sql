-- No event is missing of what was received within the days that are read again, but for today:
-- https://docs.getdbt.com/docs/build/data-tests, docs/complete.md of Sluice.
{{ config(severity='warn') }}
select ds, hour, table_name, state, missing, unproved, why
from {{ source('sluice', 'received_hours') }}
where ds between {{ last_day() }} - interval '{{ var("lookback_days") }}' day and {{ last_day() }} - interval '1' day
  and state <> 'whole'
