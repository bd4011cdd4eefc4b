import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import { type ListedObject, listObjects } from '../../../lib/base/ObjectStore.ts';
import { ListedNotes } from '../../../lib/landing/LandingNote.ts';
import { LandedObject } from '../../../lib/landing/lines/LandedObject.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { DAMAGED_FOLDER, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';
import { searchBuffers } from './localCloud.ts';

/** The most objects that are read. An outage of hours can leave more; the answer then says that it is incomplete. */
const MOST_OBJECTS = 10_000;
/** The most bytes of objects that are read: 512 MiB. */
const MOST_BYTES = 536_870_912;
/** Objects read at the same time. */
const AT_ONCE = 4;

/** A row that is in no table yet. */
export interface WaitingRow {
  /** The object of `landing/` or `damaged/` that has it; null in the buffer of the stream. */
  readonly key: string | null;
  /** Time at which the object was written, or the stream accepted it, epoch milliseconds. */
  readonly at: number;
  /** Its table. */
  readonly kind: TableKind;
  /** The row, by column. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows that wait. */
interface WaitingRows {
  /** The wanted rows, in no order. */
  readonly rows: readonly WaitingRow[];
  /** What was not read, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads the rows that `wanted` selects of all that are in no table yet: first those in the stream's buffer, which only the local cloud
 * can tell, then those in `landing/` and in `damaged/`. Objects that are removed meanwhile are in tables, and are left out.
 *
 * @param wanted Whether a row is returned, by its columns and its table.
 * @param text Each wanted row contains it as JSON: the buffer is searched for it.
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`; what S3's client throws; the reason of the signal.
 */
export async function readWaitingRows(
  {
    s3,
    config: { bucket },
    signal,
    localControl,
  }: Pick<Deployment, 's3' | 'config' | 'signal' | 'localControl'>,
  wanted: (row: WaitingRow['row'], kind: TableKind) => boolean,
  text: string,
): Promise<WaitingRows> {
  const rows: WaitingRow[] = [];
  const buffered = localControl === undefined ? undefined : await searchBuffers(localControl, text);
  for (const { kind, row, arrivedAt } of buffered?.rows ?? [])
    if (wanted(row, kind)) rows.push({ key: null, at: Date.parse(arrivedAt), kind, row });
  let unreadObjects = 0;
  let bytes = 0;
  const objects: ListedObject[] = [];
  const aside = { objects: 0, bytes: 0, lines: 0 };
  const store = s3ObjectStore(s3, bucket);
  const notes = await ListedNotes.list(store);
  const names = new Set<string>();
  for (const folder of [LANDING_FOLDER, DAMAGED_FOLDER])
    for await (const object of listObjects(store, folder)) {
      const { key, size } = object;
      // The rows of an object that is written, and only not deleted, are in tables.
      if (key.endsWith('/') || notes.written(object) !== undefined) continue;
      // Bytes that are put aside or tried again are in both folders until the first object is deleted.
      const name = key.slice(folder.length).replace(/^again\/\d+\//, '');
      if (folder === LANDING_FOLDER) names.add(name);
      else if (names.has(name)) continue;
      bytes += size;
      if (objects.length < MOST_OBJECTS && bytes <= MOST_BYTES) objects.push(object);
      else unreadObjects += 1;
    }
  await mapLimit(objects, AT_ONCE, async ({ key, modifiedAt: at }) => {
    signal?.throwIfAborted();
    const opened = await store.open(key, { signal });
    if (opened === null) return;
    const object = new LandedObject(Buffer.concat(await opened.body.toArray()));
    for (const { kind, json } of object.rows()) {
      const row = parseJson(json);
      if (isJsonObject(row) && wanted(row, kind)) rows.push({ key, at, kind, row });
    }
    if (object.skipped.count === 0) return;
    aside.objects += 1;
    aside.bytes += object.skipped.bytes;
    aside.lines += object.skipped.rowLike;
  });
  return {
    rows,
    notes: [
      ...(unreadObjects > 0
        ? [`Objects of landing/ and damaged/ that were not read, as they are too many: ${unreadObjects}.`]
        : []),
      ...(aside.objects > 0
        ? [
            `landing/ and damaged/ have ${aside.bytes} bytes in ${aside.objects} objects that are no rows of this release. ${aside.lines} of their lines begin as a row.`,
          ]
        : []),
      ...(buffered?.hasMore ? ['The buffers have more rows than were read.'] : []),
    ],
  };
}
