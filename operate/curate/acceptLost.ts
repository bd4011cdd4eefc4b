import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { eachAttempt } from '../../lib/base/retry.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { parseRawDays, withoutLostDay } from '../../lib/landing/catalog/rawDays.ts';
import { LedgerError } from '../../lib/ledger/LedgerError.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { curatedSubject, rawDaysKey } from '../../lib/tables/ledgerKeys.ts';
import { sendRequests } from '../sendRequests.ts';
import { CurationsError, type Requested } from './requests.ts';

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
