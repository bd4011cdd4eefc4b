import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { LINE_BREAK } from '../../base/text.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import type { Drop } from '../Drop.ts';
import { isUnloadable, type LeftOut } from '../leftOut.ts';
import { MAX_LOG_LINE_BYTES, MAX_MARKER_BYTES, PARALLEL_LOGS } from '../limits.ts';
import { commitMarkers, SPARK_LOG, type SparkLog, splitKey, transactionOf } from '../listedLogs.ts';
import { SourceError } from '../SourceError.ts';
import { type ReadOptions, readObject } from './readObject.ts';

/** Why a file does not count; null for one that does. */
type Judge = (object: DropObject) => Pick<LeftOut, 'reason' | 'detail'> | null;
/** The bytes of an object as they come. */
type Body = AsyncIterable<Uint8Array>;
/** Reads an object; null if it has changed since it was listed. */
type Read = <Result>(object: DropObject, use: (body: Body) => Promise<Result>) => Promise<Result | null>;

/**
 * Reads the logs of a day's folders, and leaves out the files that do not count by them.
 *
 * @returns The same day with the files that count; null if a log has changed, and the caller must list again.
 * @throws SourceError `SLUICE_SOURCE_LOG_INVALID`, and as the bucket does.
 */
export async function judgeByLogs(
  bucket: Pick<CustomerBucket, 'read'>,
  drop: Drop,
  options: ReadOptions = {},
): Promise<Drop | null> {
  const unloadable = drop.leftOut.filter(({ reason }) => isUnloadable(reason));
  const others = drop.leftOut.filter(({ reason }) => !isUnloadable(reason));
  const asked = [...drop.files, ...unloadable.map(({ object }) => object)];
  const read: Read = (object, use) => readObject(bucket, object, use, options);
  const byDatabricks = await judgeByMarkers(asked, drop, read);
  const bySpark = await judgeBySpark(asked, drop.logs ?? [], read);
  if (byDatabricks === null || bySpark === null) return null;
  const verdictOn = (object: DropObject) => byDatabricks(object) ?? bySpark(object);
  const files: DropObject[] = [];
  const leftOut = [...others, ...unloadable.map((file) => ({ ...file, ...verdictOn(file.object) }))];
  for (const object of drop.files) {
    const verdict = verdictOn(object);
    if (verdict === null) files.push(object);
    else leftOut.push({ object, ...verdict });
  }
  return { ...drop, files, leftOut };
}

/** The content of a `_committed_…`: names of files of its folder, as they are. */
const changesSchema = z.object({ added: z.array(z.string()), removed: z.array(z.string()) });

/**
 * As Databricks' own reader, DirectoryAtomicReadProtocol (DatabricksAtomicReadProtocol before), does in each folder.
 * https://kb.databricks.com/en_US/jobs/uncommitted-files-causing-data-duplication
 */
async function judgeByMarkers(
  asked: readonly DropObject[],
  { leftOut }: Drop,
  read: Read,
): Promise<Judge | null> {
  const keys = new Set(asked.map(({ key }) => key));
  const folders = new Set(asked.map(({ key }) => splitKey(key)[0]));
  const { committed } = commitMarkers(leftOut.map(({ object }) => object));
  const commits = [...committed].filter(([transaction]) => folders.has(splitKey(transaction)[0]));
  /** Keys that commits name, by transaction. */
  const addedBy = new Map<string, ReadonlySet<string>>();
  /** Transactions by the keys that they have removed. */
  const removedBy = new Map<string, string>();
  const reads = await mapLimit(commits, PARALLEL_LOGS, async ([transaction, object]) => {
    const changes = await read(object, (body) => changesOf(body, object));
    const [folder] = splitKey(transaction);
    const keysOf = (names: readonly string[] = []) =>
      names.flatMap((name) => {
        const key = folder + name;
        return keys.has(key) && !name.includes('/') ? [key] : [];
      });
    addedBy.set(transaction, new Set(keysOf(changes?.added)));
    for (const key of keysOf(changes?.removed)) removedBy.set(key, transaction);
    return changes;
  });
  if (reads.includes(null)) return null;
  const marker = (transaction: string) => `_committed_${splitKey(transaction)[1]}`;
  return ({ key }) => {
    const remover = removedBy.get(key);
    if (remover !== undefined) return { reason: 'removed', detail: `Removed by ${marker(remover)}.` };
    const transaction = transactionOf(key);
    const added = transaction === null ? undefined : addedBy.get(transaction);
    // A file of no transaction counts, and so does one of a transaction without a marker.
    if (transaction === null || added === undefined || added.has(key)) return null;
    return { reason: 'not_committed', detail: `Not committed: ${marker(transaction)} does not name it.` };
  };
}

/** Reads the marker of a transaction. @throws SourceError SLUICE_SOURCE_LOG_INVALID. */
async function changesOf(body: Body, object: DropObject): Promise<z.output<typeof changesSchema>> {
  if (object.size > MAX_MARKER_BYTES) throw invalid(object, `more than ${MAX_MARKER_BYTES} bytes`);
  const { data } = changesSchema.safeParse(parseJson((await buffer(body)).toString()));
  if (data === undefined) throw invalid(object, 'no JSON with the lists added and removed');
  return data;
}

/** A line of Spark's log: SinkFileStatus in FileStreamSinkLog.scala. */
const lineSchema = z.object({
  path: z.string(),
  isDir: z.boolean().optional(),
  action: z.string().optional(),
});

/** A file counts if one of the logs above it names it. https://github.com/apache/spark: MetadataLogFileIndex.scala */
async function judgeBySpark(
  asked: readonly DropObject[],
  logs: readonly SparkLog[],
  read: Read,
): Promise<Judge | null> {
  const named = new Set<string>();
  for (const log of logs) {
    requireAllBatches(log);
    const keys = new Set(asked.flatMap(({ key }) => (key.startsWith(log.folder) ? [key] : [])));
    const batches = await mapLimit(log.batches, PARALLEL_LOGS, ({ object }) =>
      read(object, (body) => readBatch(body, object, log.folder, keys)),
    );
    const changes = batches.filter((batch) => batch !== null);
    if (changes.length < batches.length) return null;
    const deleted = new Set(changes.flatMap((batch) => [...batch.deleted]));
    for (const { added } of changes) for (const key of added) if (!deleted.has(key)) named.add(key);
  }
  return ({ key }) => {
    const log = logs.find(({ folder }) => key.startsWith(folder));
    if (log === undefined || named.has(key)) return null;
    return { reason: 'not_committed', detail: `Not committed: ${log.folder}${SPARK_LOG} does not name it.` };
  };
}

/** The keys that a batch of Spark's log adds and deletes. */
interface BatchChanges {
  /** Keys of files that count from this batch on. */
  readonly added: ReadonlySet<string>;
  /** Keys of files that no batch makes count any more. */
  readonly deleted: ReadonlySet<string>;
}

/**
 * Reads a batch of Spark's log.
 *
 * @param keys Keys under the log's folder that are asked for. Others are left out.
 * @throws SourceError SLUICE_SOURCE_LOG_INVALID
 */
async function readBatch(
  body: Body,
  batch: DropObject,
  folder: string,
  keys: ReadonlySet<string>,
): Promise<BatchChanges> {
  const names = new Set([...keys].map((key) => splitKey(key)[1]));
  const added = new Set<string>();
  const deleted = new Set<string>();
  let lines = 0;
  for await (const line of linesOf(body, batch)) {
    lines += 1;
    if (lines === 1 && line !== 'v1') throw invalid(batch, 'its first line is not v1');
    if (lines === 1 || line === '') continue;
    const { data } = lineSchema.safeParse(parseJson(line));
    if (data === undefined) throw invalid(batch, 'a line that names no file');
    const path = decodePath(data.path);
    // Most lines of a long log are of other days: their paths are not searched.
    const isOfDay = data.isDir !== true && names.has(splitKey(path)[1]);
    const key = isOfDay ? keyNamed(path, folder, keys) : undefined;
    if (key !== undefined) (data.action === 'delete' ? deleted : added).add(key);
  }
  return { added, deleted };
}

/**
 * Refuses a log that lacks a batch, because the files of that batch would be missing. Spark refuses to read such a log,
 * too: CompactibleFileStreamLog.scala.
 */
function requireAllBatches({ folder, batches }: SparkLog): void {
  const start = batches[0]?.isCompact === true ? batches[0].number : 0;
  const missing = batches.findIndex(({ number }, i) => number !== start + i);
  if (missing >= 0)
    throw new SourceError('SLUICE_SOURCE_LOG_INVALID', `${folder}${SPARK_LOG}${start + missing} is missing.`);
}

/** The lines of a batch, at least one. They are read as a stream: a batch that takes earlier ones in grows without bound. */
async function* linesOf(body: Body, batch: DropObject): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of body) {
    rest = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = rest.indexOf(LINE_BREAK); end >= 0; end = rest.indexOf(LINE_BREAK, start)) {
      yield rest.toString('utf8', start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > MAX_LOG_LINE_BYTES)
      throw invalid(batch, `a line of more than ${MAX_LOG_LINE_BYTES} bytes`);
  }
  yield rest.toString();
}

/**
 * The key that a line's path names. Paths are absolute and of wherever Spark wrote, which need not be this bucket, so
 * that only what follows the log's own folder is compared: the longest end of the path that is a key.
 */
function keyNamed(path: string, folder: string, keys: ReadonlySet<string>): string | undefined {
  let start = 0;
  for (;;) {
    const key = folder + path.slice(start);
    if (keys.has(key)) return key;
    const slash = path.indexOf('/', start);
    if (slash < 0) return undefined;
    start = slash + 1;
  }
}

/** Spark writes paths as URIs: FileStreamSinkLog.scala, SparkPath.scala. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The error for a log that can't be read. */
function invalid({ key }: DropObject, why: string): SluiceError {
  return new SourceError('SLUICE_SOURCE_LOG_INVALID', `${key}: ${why}.`);
}
