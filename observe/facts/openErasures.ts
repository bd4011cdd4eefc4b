import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { type ListedObject, listObjects } from '../../lib/base/ObjectStore.ts';
import { MOST_NAMED } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { EraseError } from '../../lib/erase/EraseError.ts';
import { erasures, type LeftObject, type Manifest } from '../../lib/erase/Manifest.ts';
import { STOPPED_AFTER_MS } from '../../lib/ledger/erasureNotes.ts';
import { ERASURES_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../deployment.ts';

/** Erasures that are not complete and do not get there by themselves, for one reason. */
export interface OpenErasures {
  /** `unsearched`: the last run of each could not search versions. `stopped`: nobody has gone on with them for 30 days. `invalid`: their records cannot be read. */
  readonly why: 'unsearched' | 'stopped' | 'invalid';
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

/** Records that are read at the same time. */
const PARALLEL = 16;
/** Records that one look reads: the newest that this process has not read as complete. The next one goes on with older ones. */
const MOST_READ = 1_000;

/** Bucket, key and ETag of complete records that this process has read: no later look reads them again. */
const complete = new Set<string>();

/** The record of an erasure that is not complete. */
interface OpenRecord {
  /** Undefined of a record that cannot be read. */
  readonly runs: Manifest['runs'] | undefined;
  /** Key of the record. */
  readonly key: string;
  /** When it was noted last, epoch milliseconds. */
  readonly modifiedAt: number;
}

/**
 * Looks for erasures that do not get complete by themselves: a listing, and a read of each record
 * that this process has not read as complete, {@link MOST_READ} at most.
 *
 * @throws What the client of S3 throws.
 */
export async function readOpenErasures({
  s3,
  config,
  now,
}: Pick<Deployment, 's3' | 'config' | 'now'>): Promise<readonly OpenErasures[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const records: ListedObject[] = [];
  for await (const record of listObjects(store, ERASURES_FOLDER)) records.push(record);
  const last = records
    .filter(({ key, eTag }) => !complete.has(`${config.bucket} ${key} ${eTag}`))
    .sort((a, b) => b.modifiedAt - a.modifiedAt)
    .slice(0, MOST_READ);
  const read = await mapLimit(last, PARALLEL, async ({ key, modifiedAt }): Promise<OpenRecord[]> => {
    try {
      const stored = await erasures(store).read(key.slice(ERASURES_FOLDER.length, -'.json'.length));
      if (stored === null) return [];
      const { manifest, eTag } = stored;
      if (manifest.completeAt === undefined) return [{ key, modifiedAt, runs: manifest.runs }];
      complete.add(`${config.bucket} ${key} ${eTag}`);
      return [];
    } catch (error) {
      if (!(error instanceof EraseError)) throw error;
      return [{ key, modifiedAt, runs: undefined }];
    }
  });
  const open = Map.groupBy(read.flat(), ({ runs, modifiedAt }) => {
    if (runs === undefined) return 'invalid';
    // Repeated as it is, such an erasure never is complete, however often it goes on.
    if ((runs.at(-1)?.leftCount ?? 0) > 0) return 'unsearched';
    return now - modifiedAt > STOPPED_AFTER_MS ? 'stopped' : 'underWay';
  });
  return (['stopped', 'unsearched', 'invalid'] as const).flatMap((why) =>
    openErasures(why, open.get(why) ?? []),
  );
}

/** The erasures that are open for one reason, as one; none without any. @param open The newest first. */
function openErasures(why: OpenErasures['why'], open: readonly OpenRecord[]): readonly OpenErasures[] {
  const all = open.map(({ key, modifiedAt, runs = [] }) => {
    const searched = runs.findLastIndex(({ leftCount }) => leftCount === 0);
    const leftAt = runs[searched + 1]?.endedAt;
    return { key, since: isoTimestamp(why === 'unsearched' ? (leftAt ?? modifiedAt) : modifiedAt) };
  });
  const [since] = all.map((erasure) => erasure.since).sort();
  if (since === undefined) return [];
  const { left = [], leftCount = 0 } = open[0]?.runs?.at(-1) ?? {};
  const shown = { last: all.slice(0, MOST_NAMED), left: left.slice(0, MOST_NAMED) };
  return [{ why, count: all.length, since, ...shown, leftCount }];
}
