import type { EraseBucket } from '../../../lib/erase/EraseBucket.ts';
import type { ObjectForm } from '../../../lib/erase/erasePlaces.ts';
import type { PlaceCounts } from '../../../lib/erase/Manifest.ts';
import { ObjectEraser, type ObjectEraserPorts } from '../../../lib/erase/ObjectEraser.ts';
import { noCounts } from '../../../lib/erase/runCounts.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { landedKey } from './landedUsers.ts';
import { MemoryBucket } from './MemoryBucket.ts';

/** The key of the object. */
export const KEY = landedKey('a');
/** When it is erased from, epoch milliseconds. */
export const NOW = Date.UTC(2026, 10, 21);
/** When its versions were put, epoch milliseconds. */
export const PUT_AT = Date.UTC(2026, 10, 20);

/** Looks for the user `gone`. */
export const matcher = new UnitMatcher([parseUnit('user_id=gone', { unitIds: {} })]);

const noParquet: ObjectEraserPorts['parquet'] = {
  examine: () => Promise.reject(new Error('no Parquet')),
  rewrite: () => Promise.reject(new Error('no Parquet')),
};

/** An erasure of one object. */
export interface Erasing {
  /** How the object is read. */
  readonly form: ObjectForm;
  /** An existing folder. */
  readonly directory: string;
  /** The bodies of the versions, the oldest first; null for a delete marker. */
  readonly bodies?: readonly (Uint8Array | null)[];
  /** The bucket. Default: one with versions, in which the bodies are put. */
  readonly bucket?: MemoryBucket;
  /** Answers in place of the bucket's. */
  readonly answers?: Partial<EraseBucket>;
  /** Other ports. */
  readonly ports?: Partial<ObjectEraserPorts>;
  /** Called before a change. */
  readonly before?: () => unknown;
  /** Size in bytes of each version, as it is listed. Default: its own. */
  readonly size?: number;
}

/** A bucket in memory with other answers. */
export function asEraseBucket(bucket: MemoryBucket, answers: Partial<EraseBucket> = {}): EraseBucket {
  // The functions of a class are no members of its objects.
  return {
    name: bucket.name,
    objects: (...given) => bucket.objects(...given),
    versions: (...given) => bucket.versions(...given),
    fetch: (...given) => bucket.fetch(...given),
    replace: (...given) => bucket.replace(...given),
    hide: (...given) => bucket.hide(...given),
    remove: (...given) => bucket.remove(...given),
    ...answers,
  };
}

/** Erases the unit from one object: what came of it, and what was reported, asked and passed meanwhile. */
export async function eraseObject({
  form,
  directory,
  bodies = [],
  bucket = new MemoryBucket(),
  answers = {},
  ports = {},
  before = () => {},
  size,
}: Erasing) {
  for (const each of bodies) bucket.put(KEY, each, PUT_AT);
  const listed = await bucket.versions(KEY);
  const versions = listed.map((version) => ({ ...version, size: size ?? version.size }));
  const reports: unknown[] = [];
  const steps: string[] = [];
  const { asked } = bucket;
  const eraser = new ObjectEraser({
    bucket: asEraseBucket(bucket, answers),
    matcher,
    parquet: noParquet,
    directory,
    dryRun: false,
    now: () => NOW,
    signal: undefined,
    wait: async () => {},
    random: () => 0,
    faultPoint: async (step) => void steps.push(step),
    ...ports,
  });
  const changes = {
    before: async (isFound: boolean, replaced: object | null) => {
      reports.push({ isFound, replaced });
      await before();
    },
    replaced: async ({ versionId }: { readonly versionId: string }, eTag: string) =>
      void reports.push({ replaced: versionId, eTag }),
  };
  const done = await eraser.erase({ key: KEY, versions }, form, changes);
  return { ...done, reports, steps, asked, bucket };
}

/** The counts of one object. */
export const countsOf = (counts: Partial<PlaceCounts>): PlaceCounts => ({
  ...noCounts(),
  objects: 1,
  ...counts,
});
