import { preparePython } from '../../../../../test/harness/python.ts';
import { glueService } from '../../../src/glue/index.ts';
import { s3Service } from '../../../src/s3/index.ts';
import { startServices } from '../../../src/testing/index.ts';
import { ACCOUNT } from '../../../src/testing/startAthena.ts';
import { openIceberg } from '../../athena/iceberg/openTable.ts';
import { type Column, normal, RandomHistory, shown, sorted } from './RandomHistory.ts';
import { TrinoWitness } from './TrinoWitness.ts';
import { type Row, type Seen, type Tell, Witness } from './Witness.ts';

/** Statements of the history; `SLUICE_ICEBERG_STATEMENTS` asks for others, `SLUICE_ICEBERG_SEED` draws others. */
const STATEMENTS = Number(process.env['SLUICE_ICEBERG_STATEMENTS'] ?? 40);
const SEED = Number(process.env['SLUICE_ICEBERG_SEED'] ?? 20);
/** With `SLUICE_ICEBERG_TRINO=1` Trino's connector reads and writes, too: 204 libraries, 340 MB, are fetched for it. */
const WITH_TRINO = process.env['SLUICE_ICEBERG_TRINO'] === '1';
/** Athena reads the table after so many statements, the others after more, and all of them old snapshots. */
const [READ_EVERY, CHECK_EVERY] = STATEMENTS > 100 ? [5, 25] : [1, 5];

type Lake = Awaited<ReturnType<typeof openIceberg>>;

/** Readers of the table besides Athena. */
interface Others {
  readonly witness: Witness;
  readonly trino: TrinoWitness | undefined;
}

/** Expected contents of a snapshot. */
interface Past {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** When it was current. */
  readonly at: number;
}

/**
 * pyiceberg on Iceberg tables of the local Athena: a random history that both write, compared with a list of rows, and a
 * table that pyiceberg created; Trino takes part in the history where it is asked for. Returns why nothing was tried.
 */
export async function tryIceberg(tell: Tell): Promise<string | undefined> {
  const python = preparePython('packages/local-aws/test/witness/iceberg', 'pyiceberg');
  if ('missing' in python) return python.missing;
  const lake = await openIceberg();
  const { catalog, store, athena } = lake;
  const served = await startServices([
    glueService({ catalog, clock: athena.clock, account: ACCOUNT }),
    s3Service({ store, clock: athena.clock }),
  ]);
  const witness = new Witness(python.bin, served.options.endpoint);
  const asked = WITH_TRINO ? TrinoWitness.open(served.options.endpoint) : undefined;
  const trino = asked instanceof TrinoWitness ? asked : undefined;
  if (asked !== undefined && 'missing' in asked)
    process.stdout.write(`Trino's connector is skipped: ${asked.missing}.\n`);
  try {
    const who = trino ? 'pyiceberg, Trino and Athena' : 'pyiceberg and Athena';
    const what = `${who} agree after ${STATEMENTS} random statements (seed ${SEED})`;
    tell(what, await findings(() => runHistory(lake, { witness, trino })));
    tell(
      'Athena reads and changes a table that pyiceberg created',
      await findings(() => tryForeign(lake, witness)),
    );
  } finally {
    witness.close();
    trino?.close();
    await served.close();
    await lake.close();
  }
  return undefined;
}

async function runHistory(lake: Lake, others: Others): Promise<void> {
  const { witness, trino } = others;
  const history = new RandomHistory('history', SEED, trino !== undefined);
  await lake.create('history', ...history.definition);
  await lake.rows(
    "ALTER TABLE history SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='60', 'vacuum_min_snapshots_to_keep'='3')",
  );
  /** By the snapshot's ID. */
  const past = new Map<string, Past>();
  const counts = new Map<string, number>();
  for (let at = 1; at <= STATEMENTS; at += 1) {
    const step = history.next();
    const label = `statement ${at}, ${JSON.stringify(step)}`;
    const kind = 'sql' in step ? `${step.by} ${step.sql.split(' ')[0]}` : `pyiceberg ${step.by}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    try {
      keepTime(lake);
      if (step.by === 'athena') await lake.rows(step.sql);
      else if (step.by === 'trino') await trino?.rows(step.sql);
      else if (step.by === 'append') await witness.append('db.history', step.rows);
      else if (step.by === 'overwrite')
        await witness.overwrite('db.history', step.column, step.value, step.rows);
      else if (step.by === 'evolve') await witness.evolve('db.history', step.remove, step.add);
      else await witness.delete('db.history', step.column, step.value);
      keepTime(lake);
      if (at % CHECK_EVERY === 0 || at === STATEMENTS) await check(lake, others, history, past);
      else if (at % READ_EVERY === 0) await checkAthena(lake, history);
    } catch (error) {
      throw new Error(`${label}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
  if (READ_EVERY > 1) {
    const figures = [...counts].toSorted().map(([kind, count]) => `${kind} ${count}`);
    process.stdout.write(`# ${figures.join(', ')}\n`);
  }
}

/** The other writers have the machine's clock: Athena's follows it, or snapshots would be older than those before. */
function keepTime({ athena: { clock } }: Lake): void {
  clock.advance(Date.now() - clock.now());
}

async function checkAthena(lake: Lake, { columns, rows }: RandomHistory): Promise<void> {
  const asked = await ask(lake, `SELECT ${shown(columns)} FROM history`);
  requireSame(rows, normal(columns, asked), 'Athena');
}

/** Has all read the table, and old snapshots of it. */
async function check(
  lake: Lake,
  { witness, trino }: Others,
  history: RandomHistory,
  past: Map<string, Past>,
): Promise<void> {
  const { columns, rows } = history;
  await checkAthena(lake, history);
  const seen = await witness.read('db.history');
  requireSame(rows, normal(columns, seen.rows), 'pyiceberg');
  if (seen.wrong.length > 0) throw new Error(`headers lack IDs: ${seen.wrong.join(', ')}`);
  requireTotals(seen);
  if (trino !== undefined) {
    const read = await trino.rows(`SELECT ${shown(columns)} FROM history`);
    requireSame(rows, normal(columns, read), 'Trino');
    await checkMetadata(lake, trino);
  }
  const current = seen.snapshots.at(-1);
  // A snapshot is read with the columns that it was written with.
  if (current !== undefined && seen.hasCurrentSchema)
    past.set(current, { columns, rows, at: lake.athena.clock.now() });
  for (const id of past.keys()) if (!seen.snapshots.includes(id)) past.delete(id);
  const all = [...past];
  for (const [id, old] of new Map([...all.slice(0, 1), ...all.slice(all.length / 2).slice(0, 1)])) {
    const read = normal(old.columns, (await witness.read('db.history', id)).rows);
    requireSame(old.rows, read, `pyiceberg of snapshot ${id}`);
    const time = new Date(old.at).toISOString().replace('T', ' ').replace('Z', ' UTC');
    const select = `SELECT ${shown(old.columns)} FROM history FOR`;
    for (const travel of [`VERSION AS OF ${id}`, `TIMESTAMP AS OF TIMESTAMP '${time}'`])
      requireSame(
        old.rows,
        normal(old.columns, await ask(lake, `${select} ${travel}`)),
        `Athena of ${travel}`,
      );
    if (trino === undefined) continue;
    // For its session the time of JVM's start is now: later ones are in the future.
    const travelled = await trino.rows(`${select} VERSION AS OF ${id}`);
    requireSame(old.rows, normal(old.columns, travelled), `Trino of snapshot ${id}`);
  }
}

/** Columns of metadata tables that both show. */
const METADATA = [
  ['snapshots', 'snapshot_id, parent_id, operation, manifest_list'],
  ['history', 'snapshot_id, parent_id, is_current_ancestor'],
  ['files', 'content, file_path, record_count, file_size_in_bytes'],
  [
    'manifests',
    'path, length, partition_spec_id, added_snapshot_id, added_data_files_count, existing_data_files_count, deleted_data_files_count',
  ],
] as const;

/** Whether Athena and Trino show the same of a table's metadata. */
async function checkMetadata(lake: Lake, trino: TrinoWitness): Promise<void> {
  for (const [name, columns] of METADATA) {
    const sql = `SELECT ${columns} FROM "history$${name}"`;
    requireSame(await trino.rows(sql), await ask(lake, sql), `Athena of $${name}`);
  }
}

/** Requires that the summary's totals equal the totals of the files, as pyiceberg reads them. */
function requireTotals({ summary, totals }: Seen): void {
  const wrong = Object.entries(totals).filter(([name, total]) => Number(summary[name] ?? 0) !== total);
  if (wrong.length === 0) return;
  throw new Error(`the summary has other totals than ${JSON.stringify(totals)}: ${JSON.stringify(summary)}`);
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
