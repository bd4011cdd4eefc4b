-- The units of the listed experiments. first_exposures has one row for each type of ID: the seed decides which one counts.
select
  exposed.experiment_id,
  exposed.unit_type,
  exposed.unit_id,
  exposed.group_id,
  exposed.ts as first_exposed_at,
  exposed.first_day,
  exposed.groups_seen,
  exposed.held_out
from {{ source('sluice', 'first_exposures') }} as exposed
join {{ ref('experiments') }} as listed
  on listed.experiment_id = exposed.experiment_id
  and listed.unit_type = exposed.unit_type
where not exposed.is_gate
  and exposed.first_day between listed.starts_on and coalesce(listed.ends_on, {{ last_day() }})
  and exposed.first_day <= {{ last_day() }}
