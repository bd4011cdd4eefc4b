{{
  config(
    materialized='incremental',
    table_type='iceberg',
    incremental_strategy='merge',
    unique_key=['experiment_id', 'unit_id'],
    update_condition='src.groups_seen <> target.groups_seen or src.first_exposed_at <> target.first_exposed_at or src.group_id <> target.group_id or src.unit_type <> target.unit_type',
    delete_condition='src.held_out',
    insert_condition='not src.held_out',
  )
}}

-- One row a unit and experiment. A unit that a holdout keeps out leaves, and all groups lose such units equally. So does one
-- that is no longer among the units: the seed's days were changed, its rule is no group any more, or it was erased. One that
-- saw a second group stays with groups_seen > 1, so that crossovers can be counted; the scorecard leaves it out.
select
  experiment_id,
  unit_type,
  unit_id,
  group_id,
  -- Iceberg has microseconds, and Athena converts none of its own accord.
  cast(first_exposed_at as timestamp(6)) as first_exposed_at,
  first_day,
  groups_seen,
  held_out
from {{ ref('stg_units') }}
{% if is_incremental() %}
union all
select
  known.experiment_id,
  known.unit_type,
  known.unit_id,
  known.group_id,
  known.first_exposed_at,
  known.first_day,
  known.groups_seen,
  true as held_out
from {{ this }} as known
left join {{ ref('stg_units') }} as units
  on units.experiment_id = known.experiment_id
  and units.unit_id = known.unit_id
where units.unit_id is null
{% else %}
-- The first build merges nothing, so that the conditions above do not apply.
where not held_out
{% endif %}
