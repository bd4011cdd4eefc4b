import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { eachAttempt, type RetryPorts } from '../../lib/base/retry.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { CurateRequestBody } from '../../lib/curate/messageBodies.ts';
import { firstYoungDay } from '../../lib/curate/youngDays.ts';
import { parseRawDays, withoutLostDay } from '../../lib/landing/catalog/rawDays.ts';
import { LedgerError } from '../../lib/ledger/LedgerError.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { curatedSubject, rawDaysKey } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readCuratedStatuses } from '../../observe/facts/days/curatedCalendar.ts';
import type { CuratedReaders } from '../../observe/facts/days/curatedTable.ts';
import { type AskedDays, daySlices, MAX_BACKFILL_DAYS, requireDays } from '../requestedDays.ts';
import { sendRequests } from '../sendRequests.ts';

/** Errors of requests to curate days. */
export const CurationsError = defineErrorFamily('user', {
  SLUICE_CURATE_OFF: {
    cause: 'The configuration does not curate days.',
    cure: 'Remove `curate: false` from the configuration and deploy.',
  },
  SLUICE_CURATE_NOTHING_KEPT: {
    cause:
      'The curated day has no rows that raw files have lost, and no hourly look has found its raw files gone.',
    cure: 'Check the day: `sluice status` names the days that have lost files, and `sluice curate status` the days that keep rows. Lost rows are counted when the day is curated again, which is in the next night at the latest.',
  },
});

/** The days of a table that were requested, or in a dry run would be. */
interface AskedTable {
  /** What its rows are. */
  readonly kind: ForwardedKind;
  /** Name of the curated table. */
  readonly table: string;
  /** The first day; null if there are no days. */
  readonly from: UtcDay | null;
  /** The last day; null if there are no days. */
  readonly to: UtcDay | null;
  /** Number of days. */
  readonly days: number;
}

/** A request to curate days. */
export interface CurateRequested {
  /** Whether nothing was sent. */
  readonly dryRun: boolean;
  /** The days of each table. */
  readonly asked: readonly AskedTable[];
}

/** Rows of a day that a curated table keeps although raw files are gone. */
interface KeptRows {
  /** What the rows are. */
  readonly kind: ForwardedKind;
  /** Name of the curated table. */
  readonly table: string;
  /** Number of rows. */
  readonly rows: number;
}

/** What was accepted about a day, or in a dry run would be. */
export interface AcceptedDay {
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Whether the kept rows are removed. */
  readonly drop: boolean;
  /** Curated tables that keep rows of the day. */
  readonly tables: readonly KeptRows[];
  /** Names of raw tables that have no files of the day. */
  readonly rawTables: readonly string[];
}

type Requested = CuratedReaders & Pick<Deployment, 'sqs' | 'stack' | keyof RetryPorts>;

/** The states of days that are due for curation. */
const DUE: readonly string[] = ['waiting', 'failed', 'outdated', 'lacking'];

/**
 * Requests what the nightly schedule does: the curation of days that were never curated, have changed since, or failed.
 * Like a night it queues a limited number of days, the newest first (lib/curate/limits.ts). The answer names the days
 * that are due by the ledger; the plan also finds listed days whose raw files have changed.
 *
 * @throws CurationsError; CurateError; what AWS's clients throw.
 */
export async function requestCuration(
  deployment: Requested,
  { dryRun, kinds }: { readonly dryRun: boolean; readonly kinds: readonly ForwardedKind[] },
): Promise<CurateRequested> {
  requireOn(deployment);
  const { config, now } = deployment;
  const firstYoung = firstYoungDay(config, now);
  const asked: AskedTable[] = [];
  for (const kind of kinds) {
    const old = await readCuratedStatuses(deployment, kind, (day) => day < firstYoung);
    const due = old.filter(({ state }) => DUE.includes(state)).map(({ day }) => day);
    asked.push(askedTable(deployment, kind, due.toReversed()));
  }
  if (!dryRun)
    await sendRequests(deployment, 'curate-plan', [{ sluice: 'curate', kinds: [...kinds], asked: 'run' }]);
  return { dryRun, asked };
}

/**
 * Requests that days are curated again, whether they have changed or not. Columns that are derived from kept JSON are
 * made again with today's configuration and code. Views read the version that exists until the new one is complete.
 *
 * @throws CurationsError; DaysError; what AWS's clients throw.
 */
export async function requestRebuild(
  deployment: Omit<Requested, 'glue'>,
  { dryRun, kinds, from, to = from }: AskedDays & { readonly kinds: readonly ForwardedKind[] },
): Promise<CurateRequested> {
  requireOn(deployment);
  const last = addDays(firstYoungDay(deployment.config, deployment.now), -1);
  const days = requireDays(
    { from, to, last, most: MAX_BACKFILL_DAYS },
    `a day up to ${last}, because later ones are too young`,
  );
  const requests = kinds.flatMap((kind) => curateRequests('rebuild', kind, days));
  if (!dryRun) await sendRequests(deployment, 'curate-plan', requests);
  return { dryRun, asked: kinds.map((kind) => askedTable(deployment, kind, days)) };
}

/** Requests to curate days of a table: with `run` the days that have changed, with `rebuild` all of them. */
export function curateRequests(
  asked: 'run' | 'rebuild',
  kind: ForwardedKind,
  days: readonly UtcDay[],
): readonly CurateRequestBody[] {
  return daySlices(days).map((slice) => ({ sluice: 'curate', asked, kinds: [kind], days: slice }));
}

/** The days of {@link acceptLost}, and what to do with their rows. */
interface AcceptLost extends Pick<AcceptedDay, 'dryRun' | 'day' | 'drop'> {
  /** The tables whose days are meant. */
  readonly kinds: readonly ForwardedKind[];
}

/** Attempts of a write while the hourly look writes the same object. */
const NOTE_RETRIES = { tries: 5, baseMs: 100, capMs: 2_000 } as const;

/**
 * Accepts that raw files of a day are gone. The rows that the curated day keeps stay; with `drop` they are removed with
 * the next version, which is requested. Nobody looks for the missing raw files any more, not even with `curate: false`.
 *
 * @returns What was accepted, or in a dry run would be.
 * @throws CurationsError; LedgerError; what AWS's clients throw.
 */
export async function acceptLost(deployment: Requested, asked: AcceptLost): Promise<AcceptedDay> {
  const { kinds, day, drop, dryRun } = asked;
  const tables: KeptRows[] = [];
  const rawTables: string[] = [];
  for (const kind of kinds) {
    const rows = await acceptKept(deployment, kind, asked);
    if (rows > 0) tables.push({ kind, table: deployment.config.curatedTables[kind], rows });
    if (await acceptLostFiles(deployment, kind, asked)) rawTables.push(deployment.config.tables[kind]);
  }
  if (tables.length + rawTables.length === 0)
    throw new CurationsError('SLUICE_CURATE_NOTHING_KEPT', `${day}.`);
  if (drop && !dryRun && tables.length > 0)
    await sendRequests(deployment, 'curate-plan', [
      { sluice: 'curate', asked: 'run', kinds: tables.map(({ kind }) => kind), days: [day] },
    ]);
  return { dryRun, day, drop, tables, rawTables };
}

/** Accepts that a curated day keeps rows that no raw file has. @returns Rows that the curated day keeps. */
async function acceptKept(
  deployment: Requested,
  kind: ForwardedKind,
  { day, drop, dryRun }: AcceptLost,
): Promise<number> {
  const { s3, config } = deployment;
  if (!config.curate) return 0;
  const ledger = bucketLedger(s3, config.bucket, deployment);
  const { rows } = await ledger.change(curatedSubject(config, kind, day), (known) => {
    const { kept, ...curated } = known.curated ?? {};
    if (kept === undefined || kept.rows === 0) {
      // The version's own files and its raw files were deleted at once, so no night could count rows that no file has
      // any more.
      if (!drop || known.failure?.code !== 'SLUICE_CURATE_VERSION_INCOMPLETE') return { rows: 0 };
      const without = { ...known, curated: { ...curated, inputs: [] } };
      return { rows: known.rows.out, entry: dryRun ? undefined : without };
    }
    const accepted = drop ? ('drop' as const) : ('keep' as const);
    const entry = { ...known, curated: { ...curated, kept: { ...kept, accepted } } };
    return { rows: kept.rows, entry: dryRun ? undefined : entry };
  });
  return rows;
}

/** Accepts that files of a raw day are gone. @returns Whether the raw day has lost files. */
async function acceptLostFiles(
  { s3, config, wait, random }: Requested,
  kind: ForwardedKind,
  { day, dryRun }: AcceptLost,
): Promise<boolean> {
  const store = s3ObjectStore(s3, config.bucket);
  const key = rawDaysKey(kind);
  for await (const _ of eachAttempt({ ...NOTE_RETRIES, wait, random })) {
    const read = await store.read(key, { listsIfDenied: true });
    const note = parseRawDays(read?.text);
    const next = note === null ? null : withoutLostDay(note, day);
    if (read === null || next === null) return false;
    if (dryRun || (await store.write(key, JSON.stringify(next), { expected: read.eTag })) !== null)
      return true;
  }
  throw new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE', `${key}: other writers.`);
}

/**
 * Requires a configuration that curates.
 *
 * @throws CurationsError `SLUICE_CURATE_OFF` if the configuration curates nothing.
 */
function requireOn({ config }: Pick<Deployment, 'config'>): void {
  if (!config.curate) throw new CurationsError('SLUICE_CURATE_OFF');
}

/** What is asked of a curated table; without days its first and last are null. */
function askedTable(
  { config }: Pick<Deployment, 'config'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
): AskedTable {
  const from = days[0] ?? null;
  const to = days.at(-1) ?? null;
  return { kind, table: config.curatedTables[kind], from, to, days: days.length };
}
