import { glueService, s3Service } from '../../packages/local-aws/src/index.ts';
import { openIceberg } from '../../packages/local-aws/test/athena/iceberg/openTable.ts';
import { ACCOUNT } from '../../packages/local-aws/test/harness/startAthena.ts';
import { startServices } from '../../packages/local-aws/test/harness/startServices.ts';
import { preparePython } from '../harness/python.ts';
import type { Tell } from './DbtProject.ts';
import { RandomHistory, sorted } from './iceberg/RandomHistory.ts';
import { type Row, type Seen, Witness } from './iceberg/Witness.ts';

/** Statements of the history; `SLUICE_ICEBERG_STATEMENTS` asks for others, `SLUICE_ICEBERG_SEED` draws others. */
const STATEMENTS = Number(process.env['SLUICE_ICEBERG_STATEMENTS'] ?? 40);
const SEED = Number(process.env['SLUICE_ICEBERG_SEED'] ?? 20);
/** Both read the table and an old snapshot after so many statements. */
const READ_EVERY = 5;

type Lake = Awaited<ReturnType<typeof openIceberg>>;

/**
 * pyiceberg on Iceberg tables of the local Athena: a random history that both write, compared with a list of rows, and a
 * table that pyiceberg created. Returns why nothing was tried.
 */
export async function tryIceberg(tell: Tell): Promise<string | undefined> {
  const python = preparePython('test/clients/iceberg', 'pyiceberg');
  if ('missing' in python) return python.missing;
  const lake = await openIceberg();
  const { catalog, store, athena } = lake;
  const served = await startServices([
    glueService({ catalog, clock: athena.clock, account: ACCOUNT }),
    s3Service({ store, clock: athena.clock }),
  ]);
  const witness = new Witness(python.bin, served.options.endpoint);
  try {
    const what = `pyiceberg and Athena agree after ${STATEMENTS} random statements (seed ${SEED})`;
    tell(what, await findings(() => runHistory(lake, witness)));
    tell(
      'Athena reads and changes a table that pyiceberg created',
      await findings(() => tryForeign(lake, witness)),
    );
  } finally {
    witness.close();
    await served.close();
    await lake.close();
  }
  return undefined;
}

async function runHistory(lake: Lake, witness: Witness): Promise<void> {
  const history = new RandomHistory('history', SEED);
  await lake.create('history', history.definition, 'PARTITIONED BY (day, bucket(4, id))');
  await lake.rows(
    "ALTER TABLE history SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='40', 'vacuum_min_snapshots_to_keep'='3')",
  );
  /** What each snapshot is to hold. */
  const past = new Map<string, readonly Row[]>();
  for (let at = 1; at <= STATEMENTS; at += 1) {
    lake.athena.clock.advance(1000);
    const step = history.next();
    const label = `statement ${at}, ${JSON.stringify(step)}`;
    try {
      if (step.by === 'athena') await lake.rows(step.sql);
      else if (step.by === 'append') await witness.append('db.history', step.rows);
      else await witness.delete('db.history', step.column, step.value);
      requireSame(
        history.rows,
        await ask(lake, `SELECT ${history.columns.join(', ')} FROM history`),
        'Athena',
      );
      if (at % READ_EVERY === 0) await check(lake, witness, history, past);
    } catch (error) {
      throw new Error(`${label}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
  await check(lake, witness, history, past);
}

/** Has both read the table, and an old snapshot of it. */
async function check(
  lake: Lake,
  witness: Witness,
  history: RandomHistory,
  past: Map<string, readonly Row[]>,
): Promise<void> {
  requireSame(history.rows, await ask(lake, `SELECT ${history.columns.join(', ')} FROM history`), 'Athena');
  const seen = await witness.read('db.history');
  requireSame(history.rows, seen.rows, 'pyiceberg');
  if (seen.wrong.length > 0) throw new Error(`headers lack IDs: ${seen.wrong.join(', ')}`);
  requireTotals(seen, history.rows.length);
  const current = seen.snapshots.at(-1);
  // A snapshot is read with the columns that it was written with.
  if (current !== undefined && seen.hasCurrentSchema) past.set(current, history.rows);
  for (const id of past.keys()) if (!seen.snapshots.includes(id)) past.delete(id);
  const [oldest] = past;
  if (!oldest) return;
  const [id, rows] = oldest;
  requireSame(rows, (await witness.read('db.history', id)).rows, `pyiceberg of snapshot ${id}`);
  const asked = await ask(lake, `SELECT * FROM history FOR VERSION AS OF ${id}`);
  requireSame(rows, asked, `Athena of snapshot ${id}`);
}

/** The summary's totals, as pyiceberg reads them, make up the rows. */
function requireTotals({ summary, files }: Seen, rows: number): void {
  const total = (name: string) => Number(summary[`total-${name}`]);
  if (total('records') - total('position-deletes') !== rows) {
    throw new Error(`the summary has other totals than ${rows} rows: ${JSON.stringify(summary)}`);
  }
  if (total('data-files') + total('delete-files') !== files) {
    throw new Error(`the summary has other totals than ${files} files: ${JSON.stringify(summary)}`);
  }
}

async function tryForeign(lake: Lake, witness: Witness): Promise<void> {
  await lake.create(
    'donor',
    'id bigint, day date, name string, ts timestamp',
    'PARTITIONED BY (bucket(3, name), month(day), truncate(10, id), hour(ts))',
  );
  await witness.createLike('db.foreign_table', 'db.donor', 's3://lake/foreign');
  const name = 'foreign_table';
  const rows: Row[] = Array.from({ length: 30 }, (_, index) => [
    String(index),
    index % 5 === 0 ? null : `2026-${String(1 + (index % 3)).padStart(2, '0')}-10`,
    index % 7 === 0 ? null : `name ${index % 4}`,
    null,
  ]);
  await witness.append(`db.${name}`, rows);
  await witness.delete(`db.${name}`, 'id', 3);
  await witness.rename(`db.${name}`, 'name', 'called');
  let expected = rows.filter(([id]) => id !== '3');
  requireSame(expected, await ask(lake, `SELECT * FROM ${name}`), 'Athena');
  await lake.rows(`DELETE FROM ${name} WHERE called = 'name 1'`);
  await lake.rows(
    `INSERT INTO ${name} VALUES (99, DATE '2026-03-10', 'name 9', TIMESTAMP '2026-03-10 05:06:07')`,
  );
  expected = [
    ...expected.filter(([, , called]) => called !== 'name 1'),
    ['99', '2026-03-10', 'name 9', '2026-03-10 05:06:07.000000'],
  ];
  requireSame(expected, (await witness.read(`db.${name}`)).rows, 'pyiceberg');
  requireSame(expected, await ask(lake, `SELECT * FROM ${name}`), 'Athena after it wrote');
}

async function ask(lake: Lake, sql: string): Promise<Row[]> {
  return (await lake.rows(sql)).map((row) => row.map((value) => value ?? null));
}

function requireSame(expected: readonly Row[], seen: readonly Row[], who: string): void {
  const [wanted, got] = [sorted(expected), sorted(seen)].map((rows) =>
    rows.map((row) => JSON.stringify(row)),
  );
  if (JSON.stringify(wanted) === JSON.stringify(got)) return;
  const missing = wanted?.filter((row) => !got?.includes(row)).slice(0, 5);
  const extra = got?.filter((row) => !wanted?.includes(row)).slice(0, 5);
  throw new Error(
    `${who} has ${got?.length} rows for ${wanted?.length}; missing ${missing?.join(' ')}; too many ${extra?.join(' ')}`,
  );
}

async function findings(run: () => Promise<void>): Promise<string> {
  try {
    await run();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
