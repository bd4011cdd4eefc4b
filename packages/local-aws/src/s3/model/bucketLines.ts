import { z } from 'zod';
import { OWNER_ACCOUNT } from '../limits.ts';
import { type BucketSettings, bucketSettingsSchema, newBucketSettings } from './bucketSettings.ts';
import { type StoredObject, storedObjectSchema } from './StoredObject.ts';
import { deleteMarkerSchema, VersionHistory, versionSchema } from './VersionHistory.ts';
import { versionIdOf } from './versionIds.ts';

/** The properties of a bucket besides its objects. */
const bucketInfoSchema = z.strictObject({
  name: z.string(),
  region: z.string(),
  /** Account that owns the bucket and all objects in it. */
  account: z.string().default(OWNER_ACCOUNT),
  /** Epoch ms. */
  createdMs: z.int(),
  /** Whether its object events go to EventBridge. */
  eventBridge: z.boolean(),
});
/** The properties that a bucket is created with. */
export type BucketInfo = z.output<typeof bucketInfoSchema>;

/** Whether the current object becomes the newest of the older versions. */
const archive = z.literal(true).optional();
/** The place of the bytes when the line was written. They may still have to be moved. */
const temp = z.string().optional();

/** A line of a bucket's journal. The first is always a `bucket`. */
export const bucketLineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('bucket'), info: bucketInfoSchema }),
  z.strictObject({ op: z.literal('settings'), settings: bucketSettingsSchema }),
  z.strictObject({ op: z.literal('put'), object: storedObjectSchema, temp, archive }),
  /** The current object is gone; `marker` hides the key from now on. */
  z.strictObject({
    op: z.literal('delete'),
    key: z.string(),
    place: z.enum(['natural', 'encoded']),
    marker: deleteMarkerSchema.optional(),
    archive,
  }),
  /** The newest version of a key that has no current object: a marker, or in a compacted journal any version. */
  z.strictObject({ op: z.literal('keep'), version: versionSchema }),
  /** A version that is not the current object is gone. */
  z.strictObject({ op: z.literal('drop'), key: z.string(), versionId: z.string() }),
  /** A version is the current object again: all newer ones are gone. */
  z.strictObject({ op: z.literal('restore'), object: storedObjectSchema, temp }),
  /** Everything that exists under a key, after a change that failed. */
  z.strictObject({
    op: z.literal('reset'),
    key: z.string(),
    object: storedObjectSchema.optional(),
    history: z.array(versionSchema),
  }),
]);
/** One change of a bucket. */
export type BucketLine = z.output<typeof bucketLineSchema>;

/** The current objects of a bucket: a map while its journal is read, then an index. */
interface Objects {
  get(key: string): StoredObject | undefined;
  set(key: string, object: StoredObject): unknown;
  delete(key: string): unknown;
}

/** Applies a change to the objects and versions of a bucket. Lines on the bucket itself change none. */
export function applyLine(objects: Objects, history: VersionHistory, line: BucketLine): void {
  switch (line.op) {
    case 'put': {
      const { key } = line.object;
      if (line.archive) archiveCurrent(objects, history, key);
      objects.set(key, line.object);
      // Only the null version is ever replaced.
      if (line.object.versionId === undefined) history.remove(key, versionIdOf(line.object));
      return;
    }
    case 'delete':
      if (line.archive) archiveCurrent(objects, history, line.key);
      objects.delete(line.key);
      if (line.marker !== undefined) history.add(line.marker);
      return;
    case 'keep':
      history.add(line.version);
      return;
    case 'drop':
      history.remove(line.key, line.versionId);
      return;
    case 'restore':
      history.removeUpTo(line.object.key, versionIdOf(line.object));
      objects.set(line.object.key, line.object);
      return;
    case 'reset':
      if (line.object === undefined) objects.delete(line.key);
      else objects.set(line.key, line.object);
      history.replace(line.key, line.history);
      return;
    default:
  }
}

/** Keeps the current object of a key among its versions, before another takes its place. */
function archiveCurrent(objects: Objects, history: VersionHistory, key: string): void {
  const current = objects.get(key);
  if (current !== undefined) history.add({ ...current, place: 'version' });
}

/** State of a bucket after all lines of its journal. */
interface BucketState {
  /** The bucket's own line; undefined if the journal has none. */
  readonly info: BucketInfo | undefined;
  /** The settings as they were last written. */
  readonly settings: BucketSettings;
  /** The current objects by their keys. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** The versions that are not current, and delete markers. */
  readonly history: VersionHistory;
}

/** Reads the state of a bucket out of its journal. */
export function replay(lines: readonly BucketLine[]): BucketState {
  const objects = new Map<string, StoredObject>();
  const history = new VersionHistory();
  let info: BucketInfo | undefined;
  let settings = newBucketSettings;
  for (const line of lines) {
    if (line.op === 'bucket') info = line.info;
    else if (line.op === 'settings') settings = line.settings;
    else applyLine(objects, history, line);
  }
  return { info, settings, objects, history };
}

/** The fewest lines that amount to a state. */
export function linesOf(
  info: BucketInfo,
  settings: BucketSettings,
  objects: Iterable<StoredObject>,
  history: VersionHistory,
): BucketLine[] {
  return [
    { op: 'bucket', info },
    ...(settings === newBucketSettings ? [] : [{ op: 'settings' as const, settings }]),
    ...[...history.byKey.values()].flatMap((versions) =>
      versions.toReversed().map((version): BucketLine => ({ op: 'keep', version })),
    ),
    ...[...objects].map((object): BucketLine => ({ op: 'put', object })),
  ];
}
