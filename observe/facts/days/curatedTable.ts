import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { DAY_MS, MINUTE_MS, type UtcDay } from '../../../lib/base/time.ts';
import { isDamagedDay, type ListedDays, listedDays } from '../../../lib/curate/ListedDays.ts';
import { type RawDays, rawDays } from '../../../lib/curate/RawDays.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import type { VersionFiles } from '../../../lib/ledger/versionFiles.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { CURATED_LEDGER, curatedDaysKey, curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../deployment.ts';
import { type LedgerDay, readLedgerDays, readVersionFiles, tellDamage } from './ledgerDays.ts';

/** A curated table, and how many of its days the views read. */
export interface CuratedTable {
  /** What its rows are. */
  readonly kind: ForwardedKind;
  /** Name of the curated table. */
  readonly table: string;
  /** Number of days in the list that is written into the views, shown in the calendar or not. */
  readonly listed: number;
}

/** The parts of a deployment that questions about curated days use. */
export type CuratedReaders = Pick<
  Deployment,
  's3' | 'glue' | 'config' | 'now' | 'clock' | 'wait' | 'random' | 'signal' | 'onDamaged'
>;

/** The lists of days that are written into the views, by what the rows are. */
export type CuratedLists = Readonly<Record<ForwardedKind, ListedDays>>;

/** Milliseconds that one listing may take: of the folders of a raw table, or of the raw files of a day. */
const LIST_MS = 2 * MINUTE_MS;

/**
 * Reads the lists of days that are written into the views. A list that is not written yet is empty. `onDamaged` is told
 * of a list that can't be read, or some of whose entries can't.
 *
 * @throws CurateError `SLUICE_CURATE_BUCKET_FAILED`; LedgerError if a list can't be read.
 */
export async function readCuratedLists({
  s3,
  config,
  onDamaged,
}: Pick<Deployment, 's3' | 'config' | 'onDamaged'>): Promise<CuratedLists> {
  const lists = listedDays(s3ObjectStore(s3, config.bucket));
  const daysOf = async (kind: ForwardedKind) => {
    const read = await tellDamage(lists.read(kind), onDamaged);
    const days = read?.days ?? {};
    if (Object.values(days).some(isDamagedDay)) onDamaged?.(curatedDaysKey(kind));
    return days;
  };
  return { exposures: await daysOf('exposures'), events: await daysOf('events') };
}

/** The table of a kind, and how many days of it are listed. */
export function curatedTable(
  config: Pick<Deployment['config'], 'curatedTables'>,
  kind: ForwardedKind,
  lists: CuratedLists,
): CuratedTable {
  return { kind, table: config.curatedTables[kind], listed: Object.keys(lists[kind]).length };
}

/**
 * The raw files, as the plan lists them. Its deadline begins now, so it is used at once, for one listing.
 */
export function rawDaysOf({
  s3,
  config,
  clock,
  wait,
  random,
}: Pick<CuratedReaders, 's3' | 'config' | 'clock' | 'wait' | 'random'>): RawDays {
  const limits = { clock, wait, random, deadline: clock.now() + LIST_MS };
  return rawDays(s3ObjectStore(s3, config.bucket), config, limits);
}

/** Reads what the last look has seen of the files of a curated table's versions. @throws What the client of S3 throws. */
export function readFilesSeen(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  kind: ForwardedKind,
): Promise<VersionFiles> {
  return readVersionFiles(s3ObjectStore(s3, config.bucket), CURATED_LEDGER, kind);
}

/**
 * Reads entries of curated days from the ledger, in the order of the days.
 *
 * @throws LedgerError; what the client of S3 throws.
 */
export async function readCuratedEntries(
  deployment: Pick<Deployment, 's3' | 'config' | 'onDamaged'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
): Promise<readonly LedgerDay[]> {
  const subjects = days.map((day) => curatedSubject(deployment.config, kind, day));
  return (await readLedgerDays(deployment, [subjects])).flat();
}

/**
 * Whether a day was queued more than a day ago. A run that ends removes `queued`, so such a day still waits.
 *
 * @param now Epoch milliseconds.
 */
export function isQueuedLong(entry: LedgerEntry | null, now: number): boolean {
  return now - (entry?.queued?.at ?? now) > DAY_MS;
}
