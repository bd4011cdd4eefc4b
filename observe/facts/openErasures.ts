import type { S3Client } from '@aws-sdk/client-s3';
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
export interface OpenErasureGroup {
  /**
   * Why they do not get complete. `unsearched`: the last run of each could not search versions. `stopped`: nobody has
   * gone on with them for 30 days. `invalid`: their records cannot be read.
   */
  readonly why: 'unsearched' | 'stopped' | 'invalid';
  /** How many there are among the records that were read; at least one. */
  readonly count: number;
  /** The earliest `since` of all of them, ISO 8601. */
  readonly since: string;
  /** The ones that were noted last, the newest first: at most five. */
  readonly last: readonly {
    /** Key of the record: `ledger/_erasures/<id>.json`. */
    readonly key: string;
    /**
     * Since when it is open for the reason, ISO 8601. Of `unsearched` the end of the first run since which every run has
     * left versions, among the runs that the record keeps; otherwise the time of the last note.
     */
    readonly since: string;
  }[];
  /** Versions that the last run of the newest of them could not search: at most five. Only of `unsearched`. */
  readonly left: readonly LeftObject[];
  /** How many versions that run could not search. */
  readonly leftCount: number;
}

/** Records that are read at the same time. */
const PARALLEL = 16;
/**
 * Records that one look reads: the newest that were not complete when the client last looked. The first look of a process
 * reads nothing of older ones: an erasure that has stopped is told of until so many newer ones are recorded.
 */
const MOST_READ = 1_000;

/** Key and ETag of complete records that looks by a client have read: no later look by it reads them again. */
const completeByClient = new WeakMap<S3Client, ReadonlySet<string>>();

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
 * Looks for erasures that do not get complete by themselves: a listing, and a read of each record that the client has not
 * read as complete, {@link MOST_READ} at most.
 *
 * @returns A group for each reason that some are open for.
 * @throws What the client of S3 throws.
 */
export async function readOpenErasures({
  s3,
  config,
  now,
}: Pick<Deployment, 's3' | 'config' | 'now'>): Promise<readonly OpenErasureGroup[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const known = completeByClient.get(s3);
  const complete = new Set<string>();
  const unread: ListedObject[] = [];
  for await (const record of listObjects(store, ERASURES_FOLDER)) {
    const version = `${record.key} ${record.eTag}`;
    if (known?.has(version) === true) complete.add(version);
    else unread.push(record);
  }
  completeByClient.set(s3, complete);
  const newest = unread.sort((a, b) => b.modifiedAt - a.modifiedAt).slice(0, MOST_READ);
  const read = await mapLimit(newest, PARALLEL, async ({ key, modifiedAt }): Promise<OpenRecord[]> => {
    try {
      const stored = await erasures(store).read(key.slice(ERASURES_FOLDER.length, -'.json'.length));
      if (stored === null) return [];
      const { manifest, eTag } = stored;
      if (manifest.completeAt === undefined) return [{ key, modifiedAt, runs: manifest.runs }];
      complete.add(`${key} ${eTag}`);
      return [];
    } catch (error) {
      if (!(error instanceof EraseError)) throw error;
      return [{ key, modifiedAt, runs: undefined }];
    }
  });
  const byReason = Map.groupBy(read.flat(), ({ runs, modifiedAt }) => {
    if (runs === undefined) return 'invalid';
    // Running it again does not complete it, be it stopped or under way: these versions cannot be searched.
    if ((runs.at(-1)?.leftCount ?? 0) > 0) return 'unsearched';
    return now - modifiedAt > STOPPED_AFTER_MS ? 'stopped' : 'underWay';
  });
  return (['stopped', 'unsearched', 'invalid'] as const).flatMap((why) =>
    groupOf(why, byReason.get(why) ?? []),
  );
}

/** The group of all erasures of a reason; an empty list if there are none. @param records The newest first. */
function groupOf(why: OpenErasureGroup['why'], records: readonly OpenRecord[]): readonly OpenErasureGroup[] {
  const all = records.map(({ key, modifiedAt, runs = [] }) => {
    const searched = runs.findLastIndex(({ leftCount: count }) => count === 0);
    const leftAt = runs[searched + 1]?.endedAt;
    return { key, since: isoTimestamp(why === 'unsearched' ? (leftAt ?? modifiedAt) : modifiedAt) };
  });
  const [since] = all.map((erasure) => erasure.since).sort();
  if (since === undefined) return [];
  const { left = [], leftCount = 0 } = records[0]?.runs?.at(-1) ?? {};
  return [
    {
      why,
      count: all.length,
      since,
      last: all.slice(0, MOST_NAMED),
      left: left.slice(0, MOST_NAMED),
      leftCount,
    },
  ];
}
