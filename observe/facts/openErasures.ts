import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { type ListedObject, listObjects } from '../../lib/base/ObjectStore.ts';
import { MOST_NAMED } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { erasures, type LeftObject, type Manifest } from '../../lib/erase/Manifest.ts';
import { STOPPED_AFTER_MS } from '../../lib/ledger/erasureNotes.ts';
import { ERASURES_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../deployment.ts';

/** Erasures that are not complete and do not get there by themselves, for one reason. */
export interface OpenErasures {
  /** `unsearched`: the last run of each could not search versions. `stopped`: nobody has gone on with them for 30 days. */
  readonly why: 'unsearched' | 'stopped';
  /** How many there are; at least one. */
  readonly count: number;
  /** Since when the first of them is so, ISO 8601. */
  readonly since: string;
  /** The last ones, the newest first: at most five. */
  readonly last: readonly {
    /** Key of the record: `ledger/_erasures/<id>.json`. */
    readonly key: string;
    /** Since when it is so, ISO 8601: the first run that left a version, or the last note of one that has stopped. */
    readonly since: string;
  }[];
  /** Versions that the newest of them could not search: at most five; none of those that have stopped. */
  readonly left: readonly LeftObject[];
  /** How many versions that one could not search. */
  readonly leftCount: number;
}

/** Records that are read, the last ones; and at the same time. */
const MOST_ERASURES = 1_000;
const PARALLEL = 16;

/** The record of an erasure that is not complete, and when it was noted last, epoch milliseconds. */
interface OpenRecord extends Pick<Manifest, 'runs'> {
  readonly key: string;
  readonly modifiedAt: number;
}

/**
 * Looks for erasures that do not get complete by themselves: a listing, and a read of each of the last thousand records.
 *
 * @throws EraseError SLUICE_ERASE_MANIFEST_INVALID; what the client of S3 throws.
 */
export async function readOpenErasures({
  s3,
  config,
  now,
}: Pick<Deployment, 's3' | 'config' | 'now'>): Promise<readonly OpenErasures[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const records: ListedObject[] = [];
  for await (const record of listObjects(store, ERASURES_FOLDER)) records.push(record);
  const last = records.sort((a, b) => b.modifiedAt - a.modifiedAt).slice(0, MOST_ERASURES);
  const read = await mapLimit(last, PARALLEL, async ({ key, modifiedAt }): Promise<OpenRecord[]> => {
    const stored = await erasures(store).read(key.slice(ERASURES_FOLDER.length, -'.json'.length));
    const isOpen = stored !== null && stored.manifest.completeAt === undefined;
    return isOpen ? [{ key, modifiedAt, runs: stored.manifest.runs }] : [];
  });
  const open = Map.groupBy(read.flat(), ({ runs, modifiedAt }) => {
    // Repeated as it is, such an erasure never is complete, however often it goes on.
    if ((runs.at(-1)?.leftCount ?? 0) > 0) return 'unsearched';
    return now - modifiedAt > STOPPED_AFTER_MS ? 'stopped' : 'underWay';
  });
  return (['stopped', 'unsearched'] as const).flatMap((why) => openErasures(why, open.get(why) ?? []));
}

function openErasures(why: OpenErasures['why'], open: readonly OpenRecord[]): readonly OpenErasures[] {
  const all = open.map(({ key, modifiedAt, runs }) => {
    const searched = runs.findLastIndex(({ leftCount }) => leftCount === 0);
    const leftAt = runs[searched + 1]?.endedAt;
    return { key, since: isoTimestamp(why === 'unsearched' ? (leftAt ?? modifiedAt) : modifiedAt) };
  });
  const [since] = all.map((erasure) => erasure.since).sort();
  if (since === undefined) return [];
  const { left = [], leftCount = 0 } = open[0]?.runs.at(-1) ?? {};
  const shown = { last: all.slice(0, MOST_NAMED), left: left.slice(0, MOST_NAMED) };
  return [{ why, count: all.length, since, ...shown, leftCount }];
}
