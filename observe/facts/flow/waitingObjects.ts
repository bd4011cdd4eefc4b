import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { errorName } from '../../../lib/base/errors.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { noteKeyOf, readWriteNote } from '../../../lib/landing/write/writeNotes.ts';
import { WRITE_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { isOwnKey, PARKED_FOLDER, parseErrorKey } from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';
import { WAITING_FOLDERS, type WaitingFolder } from './waitingRows.ts';

/** Pages of 1,000 objects of one folder that are read. An outage of hours leaves more; the answer then says so. */
const MOST_PAGES = 10;
/** Objects, or notes on them, that are asked for their code. */
const MOST_CODES = 20;
/** Calls at the same time. */
const AT_ONCE = 8;
/**
 * From then on an object of `landing/` is late: what has no message is written after ten minutes, by a look that comes every
 * five.
 */
const LANDING_LATE_MS = 900_000;

/** Objects that are in no table yet. */
export interface WaitingObjects {
  /** Objects. At least so many if `hasMore`. */
  readonly count: number;
  readonly hasMore: boolean;
  /** When the oldest was written, ISO 8601; null without objects. */
  readonly oldest: string | null;
  /** Why the newest that says so is there: a code of Sluice or Firehose, or Firehose's type of error; null if none says. */
  readonly lastCode: string | null;
  /** Why the newest are there, and how many of them say so: of at most 20. In `landing/`, how their last attempts ended. */
  readonly codes: Readonly<Record<string, number>>;
  /** Objects that are not Sluice's: they are left where they are. */
  readonly unknownKeys: number;
}

/**
 * Counts the objects of `landing/` or `parked/`: at most ten lists of each prefix and 20 reads.
 *
 * @throws What S3's client throws.
 */
export async function countWaitingObjects(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  folder: WaitingFolder,
): Promise<WaitingObjects> {
  const { bucket } = config;
  const { objects, hasMore } = await listNewestFirst(s3, bucket, ...WAITING_FOLDERS[folder]);
  const own = objects.filter(({ key }) => isOwnKey(config, key));
  const oldest = own.at(-1)?.at;
  const found = folder === 'landing' ? await readNotes(s3, bucket, own) : await readCodes(s3, bucket, own);
  const codes: Record<string, number> = {};
  for (const code of found) codes[code] = (codes[code] ?? 0) + 1;
  return {
    count: own.length,
    hasMore,
    oldest: oldest === undefined ? null : isoTimestamp(oldest),
    lastCode: found[0] ?? null,
    codes,
    unknownKeys: objects.length - own.length,
  };
}

/** Whether the oldest object of `landing/` has waited for longer than the writer needs. */
export function isLandingLate({ oldest }: Pick<WaitingObjects, 'oldest'>, now: number): boolean {
  return oldest !== null && now - Date.parse(oldest) > LANDING_LATE_MS;
}

/** Such a count in words, without a stop at its end. */
export function waitingText({ count, hasMore, oldest, codes }: WaitingObjects): string {
  const objects = `${hasMore ? 'at least ' : ''}${count} ${count === 1 ? 'object' : 'objects'}`;
  const reasons = Object.entries(codes);
  const [only] = reasons.length === 1 ? reasons : [];
  const why =
    only === undefined ? reasons.map(([code, times]) => `${times} for ${code}`) : [`the last for ${only[0]}`];
  return [objects, `the oldest since ${oldest}`, ...why].join(', ');
}

interface FoundObject {
  readonly key: string;
  /** When it was written, epoch milliseconds. */
  readonly at: number;
}

async function listNewestFirst(s3: Deployment['s3'], Bucket: string, ...prefixes: readonly string[]) {
  const objects: FoundObject[] = [];
  let hasMore = false;
  for (const Prefix of prefixes) hasMore = (await list(s3, { Bucket, Prefix }, objects)) || hasMore;
  return { objects: objects.sort((a, b) => b.at - a.at), hasMore };
}

/** @returns Whether there are more. */
async function list(
  s3: Deployment['s3'],
  { Bucket, Prefix }: { readonly Bucket: string; readonly Prefix: string },
  objects: FoundObject[],
): Promise<boolean> {
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
    for (const { Key: key = '', LastModified } of answer.Contents ?? [])
      if (!key.endsWith('/')) objects.push({ key, at: LastModified?.getTime() ?? 0 });
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  return ContinuationToken !== undefined;
}

/** How the last attempts at objects of the landing ended, the newest first. */
async function readNotes(
  s3: Deployment['s3'],
  Bucket: string,
  objects: readonly FoundObject[],
): Promise<string[]> {
  if (objects.length === 0) return [];
  const known = new Set(objects.map(({ key }) => noteKeyOf(key)));
  const notes = (await listNewestFirst(s3, Bucket, WRITE_NOTES)).objects.filter(({ key }) => known.has(key));
  const read = await mapLimit(notes.slice(0, MOST_CODES), AT_ONCE, async ({ key: Key }) => {
    const sent = s3.send(new GetObjectCommand({ Bucket, Key }));
    const text = await (await unlessGone(sent))?.Body?.transformToString();
    return text === undefined ? null : readWriteNote(text);
  });
  return read.flatMap((note) => note?.code ?? []);
}

/** Codes in the metadata of objects, or the error types in their keys, the newest first. */
async function readCodes(
  s3: Deployment['s3'],
  Bucket: string,
  objects: readonly FoundObject[],
): Promise<string[]> {
  const read = await mapLimit(objects.slice(0, MOST_CODES), AT_ONCE, async ({ key: Key }) => {
    const error = parseErrorKey(Key.startsWith(PARKED_FOLDER) ? Key.slice(PARKED_FOLDER.length) : Key);
    if (error !== null) return error.outputType;
    const head = await unlessGone(s3.send(new HeadObjectCommand({ Bucket, Key })));
    return head?.Metadata?.['sluice-code'] ?? head?.Metadata?.['code'] ?? null;
  });
  return read.flatMap((code) => code ?? []);
}

/** Null for an object that somebody took away meanwhile: its rows are on their way. */
async function unlessGone<Answer>(sent: Promise<Answer>): Promise<Answer | null> {
  try {
    return await sent;
  } catch (error) {
    if (['NotFound', 'NoSuchKey'].includes(errorName(error))) return null;
    throw error;
  }
}
