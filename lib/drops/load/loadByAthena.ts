import { parseJson } from '../../base/json.ts';
import { type AthenaLoad, type AthenaStep, athenaSteps } from '../../ledger/LedgerEntry.ts';
import { VERSION_KEPT_MS, versionName } from '../../ledger/versions.ts';
import type { FileSchema } from '../../parquet/FileSchema.ts';
import { athenaNoteKey, versionNoteKey } from '../../tables/ledgerKeys.ts';
import {
  type AthenaPlan,
  athenaPlanSchema,
  folderOf,
  type LoadTarget,
  planAthenaLoad,
  refusedTable,
  rowsTable,
  scratchTables,
} from '../athena/AthenaPlan.ts';
import {
  AthenaError,
  type AthenaPort,
  type ExecutionState,
  type ScratchTable,
} from '../athena/AthenaPort.ts';
import type { DropObject } from '../CustomerBucket.ts';
import { type Drop, haveSameFiles } from '../Drop.ts';
import type { FileRows, LoadResult } from '../engine/Engine.ts';
import { requireLoadable } from '../lastLoad.ts';
import { listDrops } from '../listDrops.ts';
import { isRowReason, type RowReason } from '../rowReasons.ts';
import { inspectDrop, receivedAt } from './inspectDrop.ts';
import { requireAcceptableRows } from './judgeRows.ts';
import type { Loader, LoadRun } from './Loader.ts';
import type { Progress } from './Progress.ts';
import { type DropDay, publishVersion, quarantineRows } from './publishVersion.ts';

/**
 * How a load by Athena stands after a function has looked at it: an answer of lib/drops/dayTable.ts. `settling`: the drop has
 * changed since the plan, and nothing was published.
 */
type AthenaProgress = 'started' | 'settling' | 'succeeded';

/** The ports and the place of a load by Athena. */
export interface AthenaWork {
  readonly loader: Loader;
  readonly athena: AthenaPort;
  readonly run: LoadRun;
  readonly place: DropDay;
  readonly progress: Progress;
}

/** The steps after the statement of a step has succeeded. Without refused rows, the version is published after `counts`. */
const STEPS: Readonly<
  Record<
    AthenaStep,
    {
      /** The table over what the statement has written. */
      readonly wrote?: (place: LoadTarget) => ScratchTable;
      /** The next step; null if the version is published. */
      readonly next: AthenaStep | null;
    }
  >
> = {
  rows: { wrote: rowsTable, next: 'counts' },
  counts: { next: 'refused' },
  refused: { wrote: refusedTable, next: 'refused_counts' },
  refused_counts: { next: null },
};

/** List price of a byte that a query scans, and the least of one query: https://aws.amazon.com/athena/pricing/ */
const USD_PER_BYTE = 5 / 2 ** 40;
const MIN_BYTES = 10 * 2 ** 20;

/**
 * Goes on with a load by Athena: looks at the execution of its step, and starts the next step or publishes the version.
 *
 * @param load As the ledger has it.
 * @returns Null if another owner has the day.
 * @throws AthenaError, LoadError, SourceError, CatalogError, CatalogCallError.
 */
export async function goOnByAthena(work: AthenaWork, load: AthenaLoad): Promise<AthenaProgress | null> {
  const { athena, loader, progress } = work;
  progress.athena = load;
  const plan = await readPlan(work, load);
  const { step = 'rows', execution } = load;
  // Killed before the execution was noted: the same token finds it.
  if (execution === undefined) return startStep(work, plan, load, step);
  const found = await progress.time('look', () => athena.find(execution));
  if (found?.state === 'running') return putDown(work);
  const ended = withCosts(load, found);
  progress.athena = ended;
  await loader.faultPoint?.('athena_ended');
  requireSucceeded(step, execution, found);
  const { wrote, next } = STEPS[step];
  if (wrote !== undefined) await athena.createTable(wrote(placeOf(work, load)));
  const isLast =
    next === null || (next === 'refused' && (await countRows(work, plan, ended)).rows.refused === 0);
  return isLast ? publish(work, plan, ended) : startStep(work, plan, ended, next);
}

/**
 * Starts the load of a drop by Athena: writes its plan and its manifests, creates its tables, and starts the first step.
 *
 * @param schemas Of all files, from their footers.
 * @param why In words.
 * @returns Null if another owner has the day.
 * @throws AthenaError, LoadError.
 */
export async function startByAthena(
  work: AthenaWork,
  drop: Drop,
  schemas: readonly FileSchema[],
  why: string,
): Promise<'started' | null> {
  const { loader, athena, place, progress } = work;
  const { landing, clock, config } = loader;
  const began = clock.now();
  const version = versionName(began, loader.random);
  const where = placeOf(work, { version });
  const { plan, manifests } = planAthenaLoad(
    where,
    { source: place.source, dataset: place.dataset, unitIds: config.unitIds },
    drop,
    schemas,
    { loadedAt: began, receivedAt: receivedAt(drop) },
  );
  const { table, day } = where;
  await landing.putNote(versionNoteKey({ due: began + VERSION_KEPT_MS, table, day, version }));
  await loader.faultPoint?.('begun');
  await landing.putText(planKey(where), JSON.stringify({ ...plan, acceptsLoss: progress.accepts('empty') }));
  for (const [key, text] of manifests) await landing.putText(key, text);
  for (const one of plan.tables) await athena.createTable(one);
  await landing.putNote(athenaNoteKey({ table, day, version }));
  await loader.faultPoint?.('athena_planned');
  const load = {
    ...{ why, fingerprint: drop.fingerprint, version },
    ...{ executions: [], scannedBytes: 0, usd: 0, startedAt: began },
  };
  return startStep(work, plan, load, 'rows');
}

/** Where a load writes. */
function placeOf(
  { loader, place }: Pick<AthenaWork, 'loader' | 'place'>,
  { version }: Pick<AthenaLoad, 'version'>,
): LoadTarget {
  return {
    config: loader.config,
    bucket: loader.bucket,
    table: place.dataset.table,
    day: place.day,
    version,
  };
}

/** Starts the statement of a step, or finds it by its token if it was started. @returns ID of the execution. */
function startStatement(
  { athena, loader, place }: Pick<AthenaWork, 'athena' | 'loader' | 'place'>,
  plan: AthenaPlan,
  { version }: AthenaLoad,
  step: AthenaStep,
): Promise<string> {
  return athena.start(
    plan.statements[step],
    `${version}-${step}`.padEnd(MIN_TOKEN, '-'),
    `s3://${loader.bucket}/${folderOf(placeOf({ loader, place }, { version }))}`,
  );
}

/** Stops the execution of a load's step, also one whose ID was not noted, as its function was killed. */
export async function stopStep(
  work: Pick<AthenaWork, 'athena' | 'loader' | 'place'>,
  load: AthenaLoad,
): Promise<void> {
  const { step, execution } = load;
  if (execution !== undefined) await work.athena.stop(execution);
  else if (step !== undefined)
    await work.athena.stop(await startStatement(work, await readPlan(work, load), load, step));
}

/** Starts a step, notes its execution, and puts the day down; null if another owner has the day: the execution is stopped. */
async function startStep(
  work: AthenaWork,
  plan: AthenaPlan,
  load: AthenaLoad,
  step: AthenaStep,
): Promise<'started' | null> {
  const { athena, loader, progress } = work;
  const { execution: _, ...before } = load;
  if (!(await noteLoad(work, { ...before, step }))) return null;
  await loader.faultPoint?.('athena_noted');
  const execution = await startStatement(work, plan, load, step);
  await loader.faultPoint?.('athena_started');
  const executions = load.executions.includes(execution) ? load.executions : [...load.executions, execution];
  const isNoted = await noteLoad(work, { ...before, step, execution, executions });
  const isDown = isNoted && (await putDown(work)) !== null;
  if (isDown) return 'started';
  // Whoever has the day now has noted another load, or starts this step again by its token, and then finds it stopped.
  const entry = await loader.ledger.read(progress.claim.entry);
  if (entry?.athena?.version !== load.version) await athena.stop(execution);
  return null;
}

/** Characters of the shortest token: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html */
const MIN_TOKEN = 32;

async function noteLoad({ loader, progress }: AthenaWork, load: AthenaLoad): Promise<boolean> {
  const claim = await loader.ledger.note(progress.claim, load);
  if (claim === null) return false;
  progress.claim = claim;
  progress.athena = load;
  return true;
}

async function putDown({ loader, progress }: AthenaWork): Promise<'started' | null> {
  const entry = await loader.ledger.putDown(progress.claim);
  if (entry === null) return null;
  await loader.faultPoint?.('athena_put_down');
  return 'started';
}

async function readPlan(work: Pick<AthenaWork, 'loader' | 'place'>, load: AthenaLoad): Promise<AthenaPlan> {
  const text = await work.loader.landing.readText(planKey(placeOf(work, load)));
  const { data } = athenaPlanSchema.safeParse(text === null ? undefined : parseJson(text));
  if (data === undefined)
    throw new AthenaError('SLUICE_ATHENA_UNAVAILABLE', `The plan of ${load.version} is gone.`);
  return data;
}

/** Key of a load's plan. */
function planKey(place: LoadTarget): string {
  return `${folderOf(place)}plan.json`;
}

/** A load with the costs of an execution that has ended. One that Athena does not know costs nothing. */
function withCosts(load: AthenaLoad, found: ExecutionState | null): AthenaLoad {
  if (found === null) return load;
  const { scannedBytes } = found;
  return {
    ...load,
    scannedBytes: load.scannedBytes + scannedBytes,
    usd: load.usd + Math.max(scannedBytes, MIN_BYTES) * USD_PER_BYTE,
  };
}

/** Athena's names of errors, and locations of files. The rest of a reason may quote rows. */
const SAFE =
  /^[A-Z][A-Z_]+(?=:)|s3:\/\/[^\s'"]+|Permission denied|not authorized to perform: \S+(?: on resource: \S+)?|Bytes scanned limit was exceeded/g;

function requireSucceeded(step: AthenaStep, execution: string, found: ExecutionState | null): void {
  if (found?.state === 'succeeded') return;
  const said =
    found === null
      ? 'Athena does not know it'
      : [...found.reason.matchAll(SAFE)].map(([text]) => text).join(' ');
  throw new AthenaError(
    found?.state === 'cancelled' ? 'SLUICE_ATHENA_QUERY_CANCELLED' : 'SLUICE_ATHENA_QUERY_FAILED',
    `Step ${step}, execution ${execution}${said === '' ? '' : `: ${said}`}.`,
  );
}

/** Counts of the accepted rows, against the footers. Refused rows have no reasons yet. @throws AthenaError if there are too many rows. */
async function countRows({ athena }: AthenaWork, plan: AthenaPlan, load: AthenaLoad): Promise<LoadResult> {
  const out = new Map<string, number>();
  for (const [file = '', n] of await athena.rows(executionOf(load, 'counts'))) {
    if (file !== null) out.set(file, Number(n));
  }
  const files = Object.entries(plan.rows).map(([name, all]): FileRows => {
    const accepted = out.get(name) ?? 0;
    return { name, in: all, out: accepted, refused: all - accepted, reasons: {} };
  });
  const wrong = files.find(({ refused }) => refused < 0);
  if (wrong !== undefined)
    throw new AthenaError(
      'SLUICE_ATHENA_ROWS_MISSING',
      `${wrong.name}: its footer says ${wrong.in} rows, and Athena wrote ${wrong.out}.`,
    );
  const sum = (of: (file: FileRows) => number) => files.reduce((total, file) => total + of(file), 0);
  return {
    rowsFile: null,
    refusedFile: null,
    rows: { in: sum((file) => file.in), out: sum((file) => file.out), refused: sum((file) => file.refused) },
    files,
    reasons: {},
  };
}

function executionOf({ executions }: AthenaLoad, step: AthenaStep): string {
  return executions[athenaSteps.indexOf(step)] ?? '';
}

/** The same with the reasons of refused rows. @throws AthenaError if rows are neither written nor refused. */
async function withReasons(
  work: AthenaWork,
  load: AthenaLoad,
  counted: LoadResult,
  origin: string,
): Promise<LoadResult> {
  if (counted.rows.refused === 0) return counted;
  const byFile = new Map<string, Partial<Record<RowReason, number>>>();
  const reasons: Partial<Record<RowReason, number>> = {};
  for (const [path, reason, n] of await work.athena.rows(executionOf(load, 'refused_counts'))) {
    if (path == null || reason == null || !isRowReason(reason)) continue;
    const name = path.slice(origin.length);
    byFile.set(name, { ...byFile.get(name), [reason]: Number(n) });
    reasons[reason] = (reasons[reason] ?? 0) + Number(n);
  }
  const files = counted.files.map((file) => ({ ...file, reasons: byFile.get(file.name) ?? {} }));
  for (const { name, in: all, out, refused, reasons: own } of files) {
    const explained = Object.values(own).reduce((sum, n) => sum + n, 0);
    if (explained === refused) continue;
    throw new AthenaError(
      'SLUICE_ATHENA_ROWS_MISSING',
      `${name}: its footer says ${all} rows, Athena wrote ${out} and refused ${explained}.`,
    );
  }
  return { ...counted, files, reasons };
}

async function publish(work: AthenaWork, plan: AthenaPlan, load: AthenaLoad): Promise<AthenaProgress | null> {
  const { loader, run, place, progress } = work;
  const { source, dataset, day } = place;
  const counted = await countRows(work, plan, load);
  const mapped = await withReasons(work, load, counted, `s3://${source.bucket}/`);
  const drop = await listAgain(work);
  if (drop === null || !haveSameFiles(drop.fingerprint, plan.fingerprint)) return 'settling';
  // A log may name others now.
  const isCounted = ({ key }: DropObject) => Object.hasOwn(plan.rows, key);
  if (drop.files.length !== counted.files.length || !drop.files.every(isCounted)) return 'settling';
  progress.drop = drop;
  requireLoadable(drop, progress.claim.entry, plan.acceptsLoss === true);
  progress.mapped = mapped;
  progress.bytes = plan.bytes;
  const refused = `${folderOf(placeOf(work, load))}refused/`;
  await progress.time('quarantine', async () => {
    const files = mapped.rows.refused === 0 ? [] : await loader.landing.list(refused);
    await quarantineRows(
      loader,
      place,
      { fingerprint: plan.fingerprint, receivedAt: plan.receivedAt },
      files.map((file) => (key: string) => loader.landing.copy(file, key)),
    );
  });
  await loader.faultPoint?.('quarantined');
  requireAcceptableRows(mapped, dataset);
  const isRead = await publishVersion(loader, run, { source, dataset, day }, progress, {
    version: load.version,
    hasRows: mapped.rows.out > 0,
  });
  return isRead ? 'succeeded' : null;
}

/** The drop as it is now; null if it changes just now. */
export async function listAgain({ loader, run, place, progress }: AthenaWork): Promise<Drop | null> {
  const { source, dataset, day } = place;
  const { drops } = await progress.time('list', () =>
    listDrops(loader.customerBucket(source, dataset), dataset, [day]),
  );
  const listed = drops.get(day);
  return listed === undefined ? null : inspectDrop(loader, place, progress, listed, run.signal);
}

/**
 * Deletes what a load by Athena needed: its tables, then its folder, then the note on it, unless that is still needed. The
 * version stays. It may be repeated.
 *
 * @throws AthenaError if files remain.
 */
export async function cleanAthenaLoad(
  loader: Pick<Loader, 'landing' | 'athena'>,
  place: Pick<LoadTarget, 'table' | 'day' | 'version'>,
  { keepsNote = false } = {},
): Promise<void> {
  const { landing } = loader;
  const note = athenaNoteKey(place);
  await emptyFolder(loader, place);
  if (keepsNote) return;
  if ((await landing.list(note)).includes(note)) await landing.remove([note]);
}

/** Calls to empty the folder of one load, 1,000 files each. The sweep of its version deletes the rest. */
const MAX_REMOVALS = 20;

async function emptyFolder(
  { landing, athena }: Pick<Loader, 'landing' | 'athena'>,
  place: Pick<LoadTarget, 'table' | 'day' | 'version'>,
): Promise<void> {
  const folder = folderOf(place);
  for (let calls = 0; calls < MAX_REMOVALS; calls += 1) {
    const keys = await landing.list(folder);
    if (keys.length === 0) return;
    const groups = keys.filter((key) => key.endsWith('/manifest')).length;
    if (groups > 0) await athena?.deleteTables(scratchTables(place, groups));
    await landing.remove(keys);
  }
  throw new AthenaError('SLUICE_ATHENA_UNAVAILABLE', `${folder} has more files than one call deletes.`);
}
