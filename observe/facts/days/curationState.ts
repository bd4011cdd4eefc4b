import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { MOST_DAYS_A_NIGHT } from '../../../lib/curate/limits.ts';
import { firstYoungDay } from '../../../lib/curate/planDays.ts';
import { readRawDay } from '../../../lib/curate/RawDays.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { sent } from '../tables/tables.ts';
import { type CuratedReaders, rawDaysOf, readLists } from './curatedDays.ts';
import { findNoRoom, readViewDays } from './viewDays.ts';

/** A curated table, by the ledger and the list that views read alone: no raw file is listed. */
export interface CurationState {
  readonly kind: ForwardedKind;
  readonly table: string;
  /** Days that views read from it. */
  readonly listed: number;
  /** How many of them the text of some views has no room for, so that these views read them raw. */
  readonly leftOut: number;
  /** Days that are old enough, and that views read raw; the failed and late ones among them. */
  readonly raw: number;
  /** Newest first. */
  readonly failed: readonly { readonly day: UtcDay; readonly code: string }[];
  /** Days that were queued more than a day ago, newest first. */
  readonly late: readonly UtcDay[];
  /** Days that the last night should have queued and that were never queued, newest first. */
  readonly unplanned: readonly UtcDay[];
}

/** Days of a table whose ledger entry is read, the newest ones. */
const MOST_DAYS = 400;
const PARALLEL = 16;
/** The next night is at most a day away, and a run may be late by its retries. */
const NIGHT_MS = DAY_MS + 2 * 3_600_000;

/** The state of both curated tables; none without `curate: true`. @throws as `readCuratedCalendar`. */
export async function readCurationState(deployment: CuratedReaders): Promise<readonly CurationState[]> {
  const { s3, config, now } = deployment;
  if (!config.curate) return [];
  const lists = await readLists(deployment);
  const noRoom = findNoRoom(config, lists);
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const firstYoung = firstYoungDay(config, now);
  const planned = firstYoungDay(config, now - NIGHT_MS);
  const states: CurationState[] = [];
  for (const kind of forwardedKinds) {
    const listed = Object.keys(lists[kind]);
    const raw = (await rawDaysOf(deployment).days(kind)).filter(
      (day) => day < firstYoung && lists[kind][day] === undefined,
    );
    const entries = await mapLimit(raw.toReversed().slice(0, MOST_DAYS), PARALLEL, async (day) => ({
      day,
      entry: (await ledger.read(curatedSubject(config, kind, day)))?.entry,
    }));
    const failed = entries.filter(({ entry }) => entry?.state === 'failed');
    const others = entries.filter(({ entry }) => entry?.state !== 'failed');
    states.push({
      ...{ kind, table: config.curatedTables[kind], listed: listed.length, raw: raw.length },
      leftOut: listed.filter((day) => noRoom(kind, day).length > 0).length,
      failed: failed.map(({ day, entry }) => ({ day, code: entry?.failure?.code ?? '' })),
      late: others.flatMap(({ day, entry }) => (now - (entry?.queued?.at ?? now) > DAY_MS ? [day] : [])),
      // A night queues the newest days, and those that failed before last.
      unplanned: others
        .slice(0, MOST_DAYS_A_NIGHT)
        .flatMap(({ day, entry }) => (entry === undefined && day < planned ? [day] : [])),
    });
  }
  return states;
}

/** Days of a curated table that views read and should not: their answers miss rows. Oldest first. */
export interface ServedFaults {
  readonly kind: ForwardedKind;
  readonly table: string;
  /** Their raw files have changed. */
  readonly stale: readonly UtcDay[];
  /** The folder of their version has no files: somebody has deleted them. */
  readonly gone: readonly UtcDay[];
}

/**
 * Looks at the days that views read: whether their version has files, and, for as long as events may still arrive, whether
 * their raw files have changed. The hourly check does not look for files of other days either.
 *
 * @throws as `readCuratedCalendar`.
 */
export async function readServedFaults(deployment: CuratedReaders): Promise<readonly ServedFaults[]> {
  const { config, now } = deployment;
  const raw = rawDaysOf(deployment);
  const lists = await readLists(deployment);
  const oldest = addDays(utcDay(now), -config.timeWindow.pastDays - 1);
  const faults: ServedFaults[] = [];
  for (const kind of forwardedKinds) {
    const table = config.curatedTables[kind];
    const views = await readViewDays(deployment, kind);
    const served = Object.entries(lists[kind])
      .filter(([day]) => views.some(({ has }) => has(day)))
      .sort();
    const looked = await mapLimit(served, PARALLEL, async ([day, { fingerprint, version }]) => ({
      day,
      isStale: day >= oldest && (await readRawDay(raw, kind, day)).fingerprint !== fingerprint,
      isGone: await isEmpty(deployment, versionPrefix(config, table, day, version)),
    }));
    const days = (is: (one: (typeof looked)[number]) => boolean) => looked.filter(is).map(({ day }) => day);
    faults.push({ kind, table, stale: days(({ isStale }) => isStale), gone: days(({ isGone }) => isGone) });
  }
  return faults;
}

async function isEmpty(
  { s3, config, signal }: Pick<CuratedReaders, 's3' | 'config' | 'signal'>,
  Prefix: string,
): Promise<boolean> {
  const { KeyCount = 0 } = await s3.send(
    new ListObjectsV2Command({ Bucket: config.bucket, Prefix, MaxKeys: 1 }),
    ...sent(signal),
  );
  return KeyCount === 0;
}
