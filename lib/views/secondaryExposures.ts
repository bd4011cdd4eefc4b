import { exposuresTable } from '../tables/exposuresTable.ts';
import type { Table } from '../tables/Table.ts';
import {
  EVALUATIONS,
  groupRuleCondition,
  HAS_EVALUATIONS,
  holdoutNames,
  isConfiguredHoldout,
  namesClause,
  withRealNames,
} from './assignments.ts';
import type { DayRange } from './curatedDays.ts';
import { oneRowEach } from './curatedRows.ts';
import { userDetailColumns } from './userDetailColumns.ts';
import {
  passThrough,
  productionOnly,
  selectList,
  type View,
  type ViewColumn,
  type ViewConfig,
} from './View.ts';

/** SQL of the members of an evaluation that are read. They are texts, also flags, as in an exposure itself. */
const EVALUATION = {
  gate: `json_extract_scalar("evaluation", '$.gate')`,
  rule: `COALESCE(json_extract_scalar("evaluation", '$.ruleID'), '')`,
  outcome: `CASE json_extract_scalar("evaluation", '$.gateValue') WHEN 'true' THEN 'Pass' WHEN 'false' THEN 'Fail' END`,
};

/** The name of the exposed object, in a column that both branches of the query have: curated rows, and all others. */
const realId: ViewColumn = { name: 'real_id', type: 'string', comment: 'The name', sql: '"real_id"' };

/**
 * Gates, segments and holdouts that were evaluated on the way to an exposure, one row each.
 *
 * SDKs log no event of their own for a holdout: it is only here. Browsers' SDKs send the names of gates hashed as their
 * initialize response has them; those that are in `experiments` or `holdouts` of the configuration, or in the table of
 * experiment groups, get their names back.
 *
 * @param curated Days of exposures that are read from the curated table. Default none.
 */
export function secondaryExposures(config: ViewConfig, curated: readonly DayRange[] = []): View {
  const table = exposuresTable(config);
  const columns = secondaryColumns(config, table);
  const where = [productionOnly, HAS_EVALUATIONS] as const;
  const rows = oneRowEach(config, {
    kind: 'exposures',
    curated,
    key: 'real_id',
    columns: [realId, ...table.columns.map(passThrough), passThrough(table.partitionKey)],
    choose: (from) => ({ from: withRealNames(from), where }),
  });
  return {
    name: 'secondary_exposures',
    comment: 'Gates, segments and holdouts evaluated on the way to an exposure, in production, one row each',
    columns,
    sql: `${namesClause(config)}SELECT
${selectList(columns)}
FROM (
  SELECT
    "exposures".*,
    "position",
    ${EVALUATION.gate} AS "sent_name",
    ${EVALUATION.rule} AS "rule",
    ${EVALUATION.outcome} AS "outcome"
  FROM (${rows.replaceAll('\n', '\n  ')}) AS "exposures"
  CROSS JOIN UNNEST(${EVALUATIONS}) WITH ORDINALITY AS "evaluations" ("evaluation", "position")
) AS "evaluated"
LEFT JOIN "real_names" ON "hash" = "sent_name"
LEFT JOIN ${holdoutNames(config)} AS "holdouts" ON "known_sent_name" = "sent_name"
WHERE "sent_name" IS NOT NULL`,
  };
}

/** The columns of secondary exposures: of the table, and of the member of the list. */
function secondaryColumns(
  config: ViewConfig,
  { columns: tableColumns, partitionKey }: Pick<Table, 'columns' | 'partitionKey'>,
): ViewColumn[] {
  const kept = (from: string, to: string) =>
    tableColumns
      .slice(
        tableColumns.findIndex(({ name }) => name === from),
        tableColumns.findIndex(({ name }) => name === to) + 1,
      )
      .map(passThrough);
  return [
    {
      name: 'event_id',
      type: 'string',
      comment: 'Identity of the exposure it was evaluated for',
      sql: '"event_id"',
    },
    { name: 'position', type: 'bigint', comment: 'Which one of that exposure, from 1', sql: '"position"' },
    {
      name: 'gate_id',
      type: 'string',
      comment:
        'Name of the gate, segment or holdout; as sent when hashed and known neither by configuration nor specs',
      sql: 'COALESCE("real_name", "sent_name")',
    },
    {
      name: 'gate_value',
      type: 'boolean',
      comment: 'Its answer; in a holdout true is held out',
      sql: `"outcome" = 'Pass'`,
    },
    { name: 'rule_id', type: 'string', comment: 'Rule that decided, as sent', sql: '"rule"' },
    {
      name: 'group_id',
      type: 'string',
      comment: '<rule ID>:Pass or <rule ID>:Fail, as an exposure to the gate itself has it',
      sql: `"rule" || ':' || "outcome"`,
    },
    {
      name: 'is_assignment',
      type: 'boolean',
      comment: 'Whether it puts the unit in a group, by the same rules as an exposure',
      sql: `${groupRuleCondition('"rule"')} AND "outcome" IS NOT NULL`,
    },
    {
      name: 'held_out',
      type: 'boolean',
      comment: 'Whether it is a known holdout and kept the unit out of what was exposed',
      sql: `COALESCE("outcome" = 'Pass' AND ("known_holdout" IS NOT NULL OR ${isConfiguredHoldout(config, '"sent_name"')}), FALSE)`,
    },
    {
      name: 'primary_id',
      type: 'string',
      comment: 'Name of the gate, experiment or config that was exposed',
      sql: '"real_id"',
    },
    { name: 'primary_type', type: 'string', comment: 'gate, config or layer', sql: '"exposure_type"' },
    ...kept('user_id', 'received_at'),
    ...userDetailColumns('user_dimensions'),
    ...kept('user_dimensions', 'user_dimensions'),
    ...kept('session_id', 'sdk_version'),
    passThrough(partitionKey),
  ];
}
