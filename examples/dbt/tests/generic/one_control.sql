{#- Each experiment has exactly one group whose `column_name` is true. -#}
{% test one_control(model, column_name) %}

select experiment_id, count_if({{ column_name }}) as controls
from {{ model }}
group by experiment_id
having count_if({{ column_name }}) <> 1

{% endtest %}
