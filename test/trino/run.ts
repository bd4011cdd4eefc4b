// `npm run test:trino`: the views in Trino, which Athena is made of, on the rows that DuckDB is tested with, and the
// functions that the local Athena is tested with. Needs
// Java 17 or later and Maven; without them it says so and counts nothing. The last line is `N passed, N failed`.
import * as z from 'zod';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { writeGroupRows } from '../../lib/groups/GroupRow.ts';
import { KnownGroups } from '../../lib/groups/KnownGroups.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import type { ColumnType, Table } from '../../lib/tables/Table.ts';
import { PRODUCTION, qualifiedName } from '../../lib/views/View.ts';
import { viewNames, views } from '../../lib/views/views.ts';
import { CheckQueries } from '../../observe/checkQueries.ts';
import { expectedCalls, functionNames } from '../../packages/local-aws/src/trino/index.ts';
import { functionCases, queryCases } from '../../packages/local-aws/test/trino/functionCases.ts';
import { knownDifferences } from '../../packages/local-aws/test/trino/knownDifferences.ts';
import { refusedTypes, takenTypes } from '../../packages/local-aws/test/trino/typeCases.ts';
import { expectedRows } from '../lib/views/expectedRows.ts';
import { DAYS, EITHER, GROUP_ROWS, generateRows } from '../lib/views/generateRows.ts';
import { type Answer, askTrino } from './askTrino.ts';

/** The memory connector has one schema, and the runner makes no other. */
const config = defineConfig({
  bucket: 'acme-experiments',
  database: 'default',
  existing: { database: true },
  unitIds: { companyID: 'company_id' },
  experiments: ['checkout'],
  holdouts: ['spring_holdout'],
  jsonPaths: {
    plan: 'user.custom.plan',
    tier: 'user.custom.plan-tier',
    page: 'statsigMetadata.currentPage',
    sku: 'metadata.sku',
  },
});
const TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'varchar',
  boolean: 'boolean',
  timestamp: 'timestamp(3)',
  date: 'date',
  double: 'double',
  bigint: 'bigint',
};
const ROWS_A_STATEMENT = 100;

const groupLineSchema = z.record(z.string(), z.union([z.string(), z.null()]));

const rows = generateRows(20_261_120);
const all = views(config);
const total = { passed: 0, failed: 0 };
const say = (text: string) => process.stdout.write(`${text}\n`);

const groupLines = writeGroupRows(GROUP_ROWS).trimEnd().split('\n');
const loading = [
  ...forwardedKinds.flatMap((kind) => loadRows(forwardedTables(config)[kind], rows[kind])),
  ...loadRows(groupsTable, z.array(groupLineSchema).parse(groupLines.map((line) => JSON.parse(line)))),
];
/** Of each view of exposures the column that is the table's `experiment_id`. */
const experimentColumns = new Map([
  ['experiment_exposures', 'experiment_id'],
  ['first_exposures', 'experiment_id'],
  ['secondary_exposures', 'primary_id'],
  ['daily_exposures', 'experiment_id'],
]);
/** Experiments that `sluice check` is tried on. */
const checked = ['checkout', 'hero'];
const asked = [
  ...viewNames.flatMap((name) => [allRows(name), planOf(name), experimentPlanOf(name)]),
  ...checked.flatMap(checksOf),
];
/** The cases of functions that DuckDB is tested with, and what Trino must say. */
const cases: readonly (readonly [sql: string, rows: readonly (readonly (string | null)[])[]])[] = [
  ...functionCases.map(([expression, value]) => [`SELECT ${expression}`, [[value]]] as const),
  ...queryCases,
  ...knownDifferences.flatMap((known) =>
    known.cases.map(({ expression, trino }) => [`SELECT ${expression}`, [[trino]]] as const),
  ),
];
const typed = [...refusedTypes.map(([sql]) => sql), ...takenTypes];
/** Functions whose signatures are written down, each called with what none takes: the error lists what it does. */
const called = [...functionNames.keys()].filter((name) => expectedCalls(name) !== '');
const miscalls = called.map(
  (name) => `SELECT ${name}(${Array.from({ length: 11 }, () => 'CAST(NULL AS HyperLogLog)').join(', ')})`,
);
const answers = askTrino([...loading, ...asked, ...cases.map(([sql]) => sql), ...typed, ...miscalls]);
if ('missing' in answers) say(`test:trino is skipped: ${answers.missing}.`);
else {
  judge(answers);
  judgeChecks(answers.slice(loading.length + 3 * viewNames.length));
  judgeCases(answers.slice(loading.length + asked.length));
  judgeTypes(answers.slice(-miscalls.length - typed.length));
  judgeSignatures(answers.slice(-miscalls.length));
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

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
    if (all[name].prunesByDay) {
      const pruned = scans.length === 1 && scans.every((line) => line.includes(`"ds" = DATE '${DAYS[1]}'`));
      tell(`a filter on ds of ${name} is applied to the table's own ds`, pruned, plan);
    } else tell(`a filter on unit_type of ${name} leaves one scan`, scans.length === 1, plan);
    if (experimentColumns.has(name)) {
      const applied = scansOf(experimentPlan).every((line) =>
        /"experiment_id(?:_\d+)?" = (?:VARCHAR )?'hero'/i.test(line),
      );
      tell(`a filter on an experiment of ${name} is applied by the scan`, applied, experimentPlan);
    }
  }
}

/** The queries of a check: exposures by group and day, and units, also by the form for names that were sent hashed. */
function checksOf(experiment: string): string[] {
  const queries = new CheckQueries({ config }, experiment, { environment: PRODUCTION });
  const units = [false, true].map((isHashed) => queries.units('user_id', false, isHashed));
  return [queries.overview(), ...units].map(withoutViews);
}

/** Whether Trino counts for a check what was worked out without SQL. */
function judgeChecks(given: readonly Answer[]): void {
  const known = new KnownGroups(GROUP_ROWS);
  const expected = expectedRows(rows.exposures, rows.events, { holdouts: true, known });
  for (const [index, experiment] of checked.entries()) {
    const [overview, ...units] = given.slice(3 * index);
    const exposures = expected.experiment_exposures.filter((row) => {
      const { experiment_id, exposure_type }: Readonly<Record<string, unknown>> = row;
      return experiment_id === experiment && exposure_type !== 'gate';
    });
    // The total has no day, which is the fifth column; the exposures are the sixth.
    const counted = tableOf(overview).find((row) => row[0] === 'false' && row[4] === null)?.[5];
    tell(`a check of ${experiment} counts its exposures`, counted === String(exposures.length), overview);
    const first = expected.first_exposures.filter(
      (row) => row.experiment_id === experiment && row.is_gate === false && row.unit_type === 'user_id',
    );
    const crossovers = first.filter((row) => Number(row.groups_seen) > 1).length;
    for (const answer of units.slice(0, 2)) {
      const sum = (column: number) => tableOf(answer).reduce((all, row) => all + Number(row[column]), 0);
      const isSame = sum(3) === first.length && sum(4) === crossovers && first.length > 0;
      tell(`a check of ${experiment} counts its units and crossovers`, isSame, answer);
    }
  }
}

function judgeCases(given: readonly Answer[]): void {
  for (const [index, [sql, wanted]] of cases.entries()) {
    const answer = given[index];
    const said = answer !== undefined && 'rows' in answer ? answer.rows : answer;
    tell(`${sql} is ${JSON.stringify(wanted)}`, JSON.stringify(said) === JSON.stringify(wanted), said);
  }
}

/** Whether functions take what `signatures.ts` says. */
function judgeSignatures(given: readonly Answer[]): void {
  for (const [index, name] of called.entries()) {
    const answer = given[index];
    const failed = answer !== undefined && 'failed' in answer ? answer.failed : '';
    tell(`${name} has its signatures`, failed.endsWith(`Expected: ${expectedCalls(name)}`), answer);
  }
}

/** Whether Trino refuses the same queries for their types, in the same words. */
function judgeTypes(given: readonly Answer[]): void {
  for (const [index, sql] of typed.entries()) {
    const answer = given[index];
    const failed = answer !== undefined && 'failed' in answer ? answer.failed : undefined;
    const wanted = refusedTypes[index]?.[1].replace(/^\w+: /, '');
    tell(`${sql} is ${wanted === undefined ? 'taken' : 'refused'}`, failed === wanted, answer);
  }
}

function loadRows(
  table: Pick<Table, 'name' | 'columns'> & Partial<Pick<Table, 'partitionKey'>>,
  landed: readonly Readonly<Record<string, string | boolean | null>>[],
): string[] {
  const columns = [...table.columns, ...(table.partitionKey === undefined ? [] : [table.partitionKey])];
  const name = qualifiedName(config, table.name);
  const statements: string[] = [];
  for (let from = 0; from < landed.length; from += ROWS_A_STATEMENT) {
    const values = landed
      .slice(from, from + ROWS_A_STATEMENT)
      .map(
        (row) =>
          `(${columns.map((column) => `CAST(${literal(row[column.name])} AS ${TYPES[column.type]})`).join(', ')})`,
      );
    const names = columns.map((column) => quoteName(column.name)).join(', ');
    const query = `SELECT * FROM (VALUES ${values.join(', ')}) AS landed (${names})`;
    statements.push(from === 0 ? `CREATE TABLE ${name} AS ${query}` : `INSERT INTO ${name} ${query}`);
  }
  return statements;
}

function literal(value: string | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'boolean' ? String(value) : quoteText(value);
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

function allRows(name: (typeof viewNames)[number]): string {
  const texts = all[name].columns.map((column) => `CAST(${quoteName(column.name)} AS varchar)`);
  return `SELECT json_format(CAST(ARRAY[${texts.join(', ')}] AS JSON)) FROM (${queryOf(name)}) AS shown`;
}

function planOf(name: (typeof viewNames)[number]): string {
  const filter = all[name].prunesByDay ? `"ds" = DATE '${DAYS[1]}'` : `"unit_type" = 'user_id'`;
  return `EXPLAIN (TYPE LOGICAL) SELECT * FROM (${queryOf(name)}) AS shown WHERE ${filter}`;
}

function experimentPlanOf(name: (typeof viewNames)[number]): string {
  const column = experimentColumns.get(name);
  const filter = column === undefined ? 'TRUE' : `${quoteName(column)} = 'hero'`;
  return `EXPLAIN (TYPE LOGICAL) SELECT * FROM (${queryOf(name)}) AS shown WHERE ${filter}`;
}

/** The scans of the forwarded tables in a plan, with the conditions that they apply. The third table is that of the groups. */
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

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function same(left: readonly string[], right: readonly string[]): boolean {
  const [one, other] = [left, right].map((rows) => rows.map((row) => row.replace(EITHER, 'either')).sort());
  return JSON.stringify(one) === JSON.stringify(other);
}

function tell(what: string, passed: boolean, detail: unknown): void {
  total[passed ? 'passed' : 'failed'] += 1;
  say(passed ? `ok ${what}` : `not ok ${what}\n${JSON.stringify(detail).slice(0, 3_000)}`);
}
