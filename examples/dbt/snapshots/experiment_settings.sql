{% snapshot experiment_settings %}
{{
  config(
    unique_key='experiment_id',
    strategy='check',
    check_cols='all',
    hard_deletes='invalidate',
  )
}}

-- Which settings an experiment had when: a scorecard can be explained later.
select experiment_id, unit_type, starts_on, ends_on from {{ ref('experiments') }}

{% endsnapshot %}
