// `npm run test:trino`: the views in Trino, which Athena is made of, on the rows that DuckDB is tested with; and Statsig's
// staging by Trino's Iceberg connector. `-- staging` tries this one alone. The functions of the local Athena are judged in
// packages/local-aws/test/witness/. Needs Java 17 or later and Maven; what can't be asked without them is named, and fails
// the run with `--require`. The last line is `N passed, N failed, N not asked`.
import * as z from 'zod';
import { qualifiedName, quoteName } from '../../lib/base/sql.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { writeGroupRows } from '../../lib/groups/GroupRow.ts';
import { KnownGroups } from '../../lib/groups/KnownGroups.ts';
import { readHourlyRows } from '../../lib/reconcile/hourlyRows.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import { quarantineTable } from '../../lib/tables/quarantineTable.ts';
import type { Table } from '../../lib/tables/Table.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import { unitsQuery } from '../../observe/experiments/checkExperiments.ts';
import { contentChangesSql, metadataChangesSql } from '../../observe/facts/tables/contentQueries.ts';
import { landedSql } from '../../observe/facts/tables/landedRows.ts';
import { type Answer, askTrino } from '../../packages/local-aws/test/witness/trino/askTrino.ts';
import { firstQuery } from '../harness/firstQuery.ts';
import { Tally } from '../harness/Tally.ts';
import { plainNumbers } from '../lib/views/analystQueries/AnalystQuery.ts';
import { analystQueries } from '../lib/views/analystQueries.ts';
import { expectedRows } from '../lib/views/expectedRows.ts';
import { DAYS, EITHER, GROUP_ROWS, generateRows } from '../lib/views/generateRows.ts';
import { curatedQuestions, judgeCurated } from './curated.ts';
import { loadRows } from './loadRows.ts';
import { numberCases } from './numberCases.ts';
import { tryStaging } from './staging.ts';

/** The memory connector has one schema, and the runner makes no other. */
const config = defineConfig({
  bucket: 'acme-experiments',
  database: 'default',
  existing: { database: true },
  unitIds: { companyID: 'company_id' },
  experiments: ['checkout'],
  holdouts: ['spring_holdout'],
});
const groupLineSchema = z.record(z.string(), z.union([z.string(), z.null()]));

/** When `sluice status` is asked, and a row of quarantine that it counts. */
const ASKED_AT = Date.parse(`${DAYS[1]}T12:30:00Z`);
const QUARANTINED = {
  quarantine_id: 'q1',
  reason: 'SLUICE_EVENT_NO_NAME',
  ds: DAYS[1],
  received_at: `${DAYS[1]} 12:00:00.500`,
};

const rows = generateRows(20_261_120);
const all = views(config);
const tally = new Tally();

const groupLines = writeGroupRows(GROUP_ROWS).trimEnd().split('\n');
const loading = [
  ...forwardedKinds.flatMap((kind) => loadTable(forwardedTables(config)[kind], rows[kind])),
  ...loadRows(
    qualifiedName(config, groupsTable.name),
    groupsTable.columns,
    z.array(groupLineSchema).parse(groupLines.map((line) => JSON.parse(line))),
  ),
  ...loadTable(quarantineTable(config), [QUARANTINED]),
];
/** The column of each view of exposures that is the table's `experiment_id`. */
const experimentColumns = new Map([
  ['experiment_exposures', 'experiment_id'],
  ['first_exposures', 'experiment_id'],
  ['secondary_exposures', 'primary_id'],
  ['daily_exposures', 'experiment_id'],
]);
const asked = [
  ...viewNames.flatMap((name) => [allRows(name), planOf(name), experimentPlanOf(name)]),
  withoutViews(unitsQuery(config, 'user_id')),
  landedSql(config, ASKED_AT),
  await hourlySql(),
];
/** Queries of curated tables, which the questions of these load. */
const contents = [
  ...forwardedKinds.map((kind) => contentChangesSql(config, kind, ASKED_AT)),
  metadataChangesSql(config, ASKED_AT),
];
/** Cases of the SQL that curates days and of the queries of docs/answers.md, complete.md and experiments.md, and what Trino must say. */
const cases: readonly (readonly [sql: string, rows: readonly (readonly (string | null)[])[]])[] = [
  ...numberCases,
  [copiesOf(['late', 'e1', 0], ['late', 'e1', 1], ['late', 'e1', 9], ['once', 'e2', 0]), [['late', '2']]],
  [copiesOf(['late', 'e1', 0], ['late', 'e1', 40]), []],
  [wholeOf(288), [['whole']]],
  [wholeOf(287), [['open']]],
  [wholeOf(0, "DATE '2026-11-17', 'whole', BIGINT '0'"), [['open']]],
  [wholeOf(287, "DATE '2026-11-13', 'whole', BIGINT '3'"), [['unproved']]],
  [wholeOf(287, "DATE '2026-11-16', 'unknown', BIGINT '3'"), [['unknown']]],
  [wholeOf(287, "DATE '2026-11-16', 'short', BIGINT '0'"), [['short']]],
  ...analystQueries.map(({ sql, answers }): (typeof cases)[number] => [sql, answers]),
];
if (!process.argv.includes('staging')) await tally.ask('Trino of the views', tryViews);
await tally.ask("Trino of Statsig's staging", async () => {
  const untried = await tryStaging(tell);
  if (untried !== undefined) tally.leaveOut(["Trino of Statsig's staging"], untried);
});
tally.close();

/** The views in Trino. */
async function tryViews(): Promise<void> {
  const given = askTrino([
    [
      ...loading,
      ...asked,
      ...cases.map(([sql]) => sql),
      ...curatedQuestions.loading,
      ...contents,
      ...curatedQuestions.asked,
    ],
  ]);
  if ('missing' in given) {
    tally.leaveOut(['Trino of the views'], given.missing);
    return;
  }
  const [answers = []] = given;
  judge(answers);
  judgeCheck(answers[loading.length + 3 * viewNames.length]);
  judgeLanded(answers[loading.length + asked.length - 2]);
  judgeHourly(answers[loading.length + asked.length - 1]);
  judgeCases(answers.slice(loading.length + asked.length));
  const compared = answers.slice(0, -curatedQuestions.asked.length).slice(-contents.length);
  tell(
    'status compares contents',
    compared.every((answer) => 'rows' in answer),
    compared,
  );
  // Exposures, events, groups and quarantine were made before.
  judgeCurated(answers.slice(-curatedQuestions.asked.length), 4, tell);
}

/** The views' rows are those of the reference, and a filter of a partition key reaches the scans. */
function judge(given: readonly Answer[]): void {
  const known = new KnownGroups(GROUP_ROWS);
  const expected = expectedRows(rows.exposures, rows.events, { holdouts: true, known });
  tell(
    'the rows are loaded',
    given.slice(0, loading.length).every((answer) => 'rows' in answer),
    given,
  );
  for (const [index, name] of viewNames.entries()) {
    const [shown, plan, experimentPlan] = given.slice(loading.length + 3 * index);
    const columns = all[name].columns;
    const wanted = expected[name].map((row) => {
      const values: Readonly<Record<string, unknown>> = row;
      return JSON.stringify(columns.map((column) => textOf(values[column.name])));
    });
    const seen = rowsOf(shown).map((row) => {
      const values: unknown[] = JSON.parse(row);
      return JSON.stringify(
        // Trino writes 12.5 as 1.25E1.
        values.map((value, i) =>
          columns[i]?.type === 'double' && value !== null ? String(Number(value)) : value,
        ),
      );
    });
    tell(
      `${name} shows the ${wanted.length} rows that were worked out without SQL`,
      same(seen, wanted),
      shown,
    );
    const scans = scansOf(plan);
    if (name !== 'first_exposures') {
      // Exposures are scanned once more, for rows that landed hashed.
      const pruned =
        scans.length === (name === 'product_events' ? 1 : 2) &&
        scans.every((line) => new RegExp(`"ds(?:_\\d+)?" = DATE '${DAYS[1]}'`).test(line));
      tell(`a filter on ds of ${name} is applied to the table's own ds`, pruned, plan);
    } else {
      tell(`a filter on unit_type of ${name} leaves two scans`, scans.length === 2, plan);
    }
    if (experimentColumns.has(name)) {
      const applied = scansOf(experimentPlan).every((line) =>
        /"experiment_id(?:_\d+)?" = (?:VARCHAR )?'hero'|"exposure_type(?:_\d+)?" = (?:VARCHAR )?'layer'/i.test(
          line,
        ),
      );
      tell(`a filter on an experiment of ${name} is applied by the scan`, applied, experimentPlan);
    }
  }
}

/** What was worked out without SQL: units of `user_id` by experiment and group, and those that saw several groups. */
function expectedUnits(): readonly string[] {
  const known = new KnownGroups(GROUP_ROWS);
  const { first_exposures: all } = expectedRows(rows.exposures, rows.events, { holdouts: true, known });
  const own = all.filter((row) => row.is_gate === false && row.unit_type === 'user_id');
  return [...Map.groupBy(own, (row) => `${row.experiment_id} ${row.group_id}`)].map(
    ([group, units]) =>
      `${group} ${units.length} ${units.filter((row) => Number(row.groups_seen) > 1).length}`,
  );
}

/** Whether Trino counts for `sluice check` what was worked out without SQL. */
function judgeCheck(units: Answer | undefined): void {
  const wanted = expectedUnits();
  const seen = tableOf(units).map(([experiment, group, , count, crossovers]) =>
    [experiment, group, count, crossovers].join(' '),
  );
  tell('a check counts units and crossovers by group', wanted.length > 2 && same(seen, wanted), units);
}

/** The query of docs/answers.md on some rows of the view: an event's name and ID, and how many days ago it lies. */
function copiesOf(...shown: readonly (readonly [name: string, id: string, daysAgo: number])[]): string {
  const values = shown.map(([name, id, ago]) => `('${name}', '${id}', current_date - INTERVAL '${ago}' DAY)`);
  const view = `(VALUES ${values.join(', ')}) AS product_events (event_name, event_id, ds)`;
  return firstQuery('answers.md').replace('FROM product_events', () => `FROM ${view}`);
}

/** The query of docs/complete.md on so many whole hours and some others. */
function wholeOf(whole: number, ...others: readonly string[]): string {
  const hours = [...Array<string>(whole).fill("DATE '2026-11-15', 'whole', BIGINT '0'"), ...others];
  const values = hours.map((hour) => `(${hour})`).join(', ');
  return firstQuery('complete.md').replace(
    'FROM sluice.received_hours',
    () => `FROM (VALUES ${values}) AS received_hours (ds, state, unproved)`,
  );
}

/** The look at the rows of a day of receipt. */
async function hourlySql(): Promise<string> {
  let asked = '';
  const ask = async (sql: string) => {
    asked = sql;
    return null;
  };
  await readHourlyRows(config, ask, DAYS[1], DAYS[3]);
  // The memory connector has no files.
  return asked.replaceAll('"$path"', "''");
}

/** Whether Trino counts rows and doubles of the day as JavaScript does. */
function judgeHourly(answer: Answer | undefined): void {
  for (const kind of forwardedKinds) {
    const all = rows[kind].filter(({ received_at }) => String(received_at).startsWith(DAYS[1]));
    const distinct = new Set(all.map((row) => JSON.stringify([row['event_id'], row['received_at']])));
    const seen = tableOf(answer).filter(([table]) => table === kind);
    const sum = (column: number) => seen.reduce((total, row) => total + Number(row[column]), 0);
    tell(
      `reconcile counts the rows of ${kind} that were received on a day`,
      distinct.size > 1 && sum(3) === distinct.size && sum(4) === all.length - distinct.size,
      answer,
    );
  }
}

/** Whether Trino counts what the tables received as JavaScript does. */
function judgeLanded(answer: Answer | undefined): void {
  const since = new Date(ASKED_AT - 86_400_000).toISOString().replace('T', ' ').replace('Z', '');
  for (const kind of forwardedKinds) {
    const wanted = rows[kind].filter(
      ({ ds, received_at }) => String(ds) >= DAYS[0] && String(ds) <= DAYS[2] && String(received_at) >= since,
    ).length;
    const counted = tableOf(answer)
      .filter((row) => row[0] === kind)
      // After kind, reason, SDK, key and path.
      .reduce((total, row) => total + Number(row[5]), 0);
    tell(`status counts the rows of ${kind}`, wanted > 0 && counted === wanted, answer);
  }
  const refused = tableOf(answer).filter((row) => row[0] === 'quarantine');
  tell(
    'status counts quarantine',
    refused.length === 1 && refused[0]?.[1] === 'SLUICE_EVENT_NO_NAME',
    answer,
  );
}

/** Each expression of the cases has the value that stands beside it. */
function judgeCases(given: readonly Answer[]): void {
  for (const [index, [sql, wanted]] of cases.entries()) {
    const answer = given[index];
    const said = answer !== undefined && 'rows' in answer ? plainNumbers(answer.rows) : answer;
    tell(`${sql} is ${JSON.stringify(wanted)}`, JSON.stringify(said) === JSON.stringify(wanted), said);
  }
}

/** The statements that load a table with its partition key. */
function loadTable(table: Table, landed: Parameters<typeof loadRows>[2]): string[] {
  return loadRows(qualifiedName(config, table.name), [...table.columns, table.partitionKey], landed);
}

/** A view's query, with the one it reads put in its place: the runner makes no views. */
function queryOf(name: (typeof viewNames)[number]): string {
  return withoutViews(all[name].sql);
}

/** A query, with the views that it reads put in their place. */
function withoutViews(sql: string): string {
  return (['experiment_exposures', 'first_exposures'] as const).reduce(
    (text, view) => text.replaceAll(qualifiedName(config, view), () => `(${all[view].sql})`),
    sql,
  );
}

/** The rows of a view, each as the JSON list of its columns' texts. */
function allRows(name: (typeof viewNames)[number]): string {
  const texts = all[name].columns.map((column) => `CAST(${quoteName(column.name)} AS varchar)`);
  return `SELECT json_format(CAST(ARRAY[${texts.join(', ')}] AS JSON)) FROM (${queryOf(name)}) AS shown`;
}

/** The plan of a view under a filter that a reader writes: of a day, or of a unit's type where rows have no day. */
function planOf(name: (typeof viewNames)[number]): string {
  const filter = name !== 'first_exposures' ? `"ds" = DATE '${DAYS[1]}'` : `"unit_type" = 'user_id'`;
  return `EXPLAIN (TYPE LOGICAL) SELECT * FROM (${queryOf(name)}) AS shown WHERE ${filter}`;
}

/** The plan of a view under a filter of one experiment, if it has such a column. */
function experimentPlanOf(name: (typeof viewNames)[number]): string {
  const column = experimentColumns.get(name);
  const filter = column === undefined ? 'TRUE' : `${quoteName(column)} = 'hero'`;
  return `EXPLAIN (TYPE LOGICAL) SELECT * FROM (${queryOf(name)}) AS shown WHERE ${filter}`;
}

/** The scans of the forwarded tables in a plan, with the conditions that they apply. The third table has the groups. */
function scansOf(plan: Answer | undefined): readonly string[] {
  return rowsOf(plan)
    .join('\n')
    .split('\n')
    .filter((line) => /Scan\w*\[/.test(line) && !line.includes('memory:2'));
}

/** The rows of an answer. */
function tableOf(answer: Answer | undefined): readonly (readonly (string | null)[])[] {
  return answer !== undefined && 'rows' in answer ? answer.rows : [];
}

/** The first column of an answer. */
function rowsOf(answer: Answer | undefined): readonly string[] {
  return tableOf(answer).map(([first]) => first ?? '');
}

/** A value as Trino casts it to text. */
function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Whether two lists have the same rows in any order. What {@link EITHER} matches may be either. */
function same(left: readonly string[], right: readonly string[]): boolean {
  const [ours, other] = [left, right].map((rows) => rows.map((row) => row.replace(EITHER, 'either')).sort());
  return JSON.stringify(ours) === JSON.stringify(other);
}

/** Tells one judgement, with the start of what was seen if it is bad. */
function tell(what: string, passed: boolean, detail: unknown): void {
  tally.tell(what, passed, String(JSON.stringify(detail)).slice(0, 3_000));
}
