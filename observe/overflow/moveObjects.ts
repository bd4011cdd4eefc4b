import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { s3RedriveStore } from '../../lib/aws/s3RedriveStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { errorName } from '../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { eachAttempt } from '../../lib/base/retry.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { type OverflowMetadata, overflowBody, readOverflow } from '../../lib/landing/delivery/overflow.ts';
import { readErrorLine, splitRecord } from '../../lib/landing/redrive/failedRecords.ts';
import { laneOf } from '../../lib/landing/redrive/redriveOverflow.ts';
import {
  overflowFolder,
  overflowKey,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
  REQUESTS,
} from '../../lib/tables/objectKeys.ts';
import { ObserveError, type Place } from '../place.ts';

/** Objects that are moved at the same time. */
const AT_ONCE = 16;

/** Characters of rows of an overflow object that is made of an error object: as much as redrive delivers at once. */
const PART_LENGTH = 1_048_576;

const NEWLINE = 0x0a;

/** What became of the objects of a folder. */
export interface MovedObjects {
  readonly found: number;
  /** Moved, or in a dry run those that would be. */
  readonly moved: number;
  /** Neither overflow nor errors as Sluice writes them: they stay. */
  readonly unknown: number;
}

type Bucket = Pick<Place, 's3' | 'config' | 'now' | 'signal'>;

/**
 * Moves parked objects back to their own keys: redrive begins with them anew. Rows that Firehose could not deliver to the
 * table quarantine have no other place to go, so they go to overflow, from which redrive puts them on that stream again. Each
 * object is copied before it is deleted. If this is interrupted, the next call goes on; an object that was copied and not yet
 * deleted is then redriven twice, under the same event_ids or quarantine_ids.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export function returnParked(place: Bucket, dryRun: boolean): Promise<MovedObjects> {
  const { s3, config } = place;
  return moveAll(place, PARKED_FOLDER, async (key) => {
    const own = key.slice(PARKED_FOLDER.length);
    const error = parseErrorKey(own);
    if (parseOverflowKey(own) === null && error === null) return false;
    if (error?.kind === 'quarantine') return returnQuarantined(place, key, error.outputType, dryRun);
    if (dryRun) return true;
    const CopySource = `${config.bucket}/${encodeURIComponent(key)}`;
    await s3.send(new CopyObjectCommand({ Bucket: config.bucket, Key: own, CopySource }));
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
    return true;
  });
}

/**
 * Writes the rows of an error object of the quarantine stream as overflow of that stream. The keys follow from its own, so
 * that an interrupted call repeats its writes. An object with a line that is no such row stays.
 */
async function returnQuarantined(
  { s3, config, now }: Bucket,
  key: string,
  outputType: string,
  dryRun: boolean,
): Promise<boolean> {
  const store = s3RedriveStore(s3, config.bucket, { now: () => now });
  async function* rowsOf() {
    for await (const line of (await store.lines(key)) ?? [])
      if (line !== '') for (const { raw } of splitRecord(readErrorLine(line, outputType))) yield raw;
  }
  try {
    for await (const raw of rowsOf()) if (!isQuarantineRow(raw)) return false;
  } catch (error) {
    // A line that is longer than any of Firehose.
    if (error instanceof RangeError) return false;
    throw error;
  }
  if (dryRun) return true;

  let rows: string[] = [];
  let [length, part] = [0, 0];
  const write = async () => {
    const metadata: OverflowMetadata = {
      documents: String(rows.length),
      since: isoTimestamp(now),
      code: outputType,
    };
    await s3.send(
      new PutObjectCommand({
        Bucket: config.bucket,
        Key: overflowKey('quarantine', hash('sha256', `${key}\n${part}`)),
        Body: await overflowBody(rows),
        ContentType: 'application/gzip',
        Metadata: { ...metadata },
      }),
    );
    [rows, length, part] = [[], 0, part + 1];
  };
  for await (const raw of rowsOf()) {
    const row = Buffer.from(raw).toString('utf8');
    rows.push(row);
    length += row.length;
    if (length >= PART_LENGTH) await write();
  }
  if (rows.length > 0) await write();
  await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
  return true;
}

function isQuarantineRow(raw: Uint8Array): boolean {
  if (!isUtf8(raw) || raw.includes(NEWLINE)) return false;
  const row = parseJson(Buffer.from(raw).toString('utf8'));
  return isJsonObject(row) && typeof row['quarantine_id'] === 'string';
}

/** Where overflow is split: claims end by time, and are waited for. */
type SplitPlace = Bucket & Pick<Place, 'clock' | 'wait' | 'random'>;

/**
 * Writes each overflow object with rows of several streams as one object for each stream. Version 0.2, to which a stack
 * was rolled back, delivers only those. The digest stays, so that an interrupted call repeats its writes.
 *
 * An invocation of the newer version may still be delivering some of them. It has claimed their lane, and this waits for its
 * end: otherwise both would deliver their rows.
 *
 * @throws ObserveError `SLUICE_OBSERVE_OVERFLOW_BUSY`; what S3's client throws; the reason of the signal.
 */
export async function splitOverflow(place: SplitPlace, dryRun: boolean): Promise<MovedObjects> {
  const keys: string[] = [];
  for await (const page of keysOf(place, overflowFolder(REQUESTS))) keys.push(...page);
  let [gone, moved] = [0, 0];
  for (const [lane, ofLane] of Map.groupBy(keys, laneOf)) {
    if (lane === null) continue;
    const claim = dryRun ? undefined : await claimLane(place, lane);
    try {
      await mapLimit(ofLane, AT_ONCE, async (key) => {
        place.signal?.throwIfAborted();
        const outcome = await splitObject(place, key, dryRun);
        if (outcome === 'moved') moved += 1;
        if (outcome === 'gone') gone += 1;
      });
    } finally {
      // A claim that could not be released expires by itself.
      await claim?.release().catch(() => undefined);
    }
  }
  const found = keys.length - gone;
  return { found, moved, unknown: found - moved };
}

/** How long a lane stays claimed: longer than an invocation of redrive can run. */
const CLAIM_MS = 6 * 60_000;
const CLAIM_PAUSES = { baseMs: 500, capMs: 5_000 };

/** @throws ObserveError `SLUICE_OBSERVE_OVERFLOW_BUSY` */
async function claimLane(
  { s3, config, now, clock, wait, random, signal }: SplitPlace,
  lane: string,
): Promise<{ release(): Promise<void> }> {
  const started = clock.now();
  // A claim ends at a time of the deployment.
  const deployed = { now: () => now + clock.now() - started };
  const store = s3RedriveStore(s3, config.bucket, deployed);
  const until = { clock, deadline: started + 2 * CLAIM_MS };
  const policy = { ...CLAIM_PAUSES, wait, random, until, ...(signal === undefined ? {} : { signal }) };
  for await (const _ of eachAttempt(policy)) {
    const claim = await store.claim(lane, deployed.now() + CLAIM_MS);
    if (claim !== null) return claim;
  }
  throw new ObserveError('SLUICE_OBSERVE_OVERFLOW_BUSY', `${lane}.`);
}

/** `gone` if it was delivered meanwhile, `unknown` if Sluice did not write it. */
async function splitObject(
  { s3, config }: Bucket,
  Key: string,
  dryRun: boolean,
): Promise<'moved' | 'gone' | 'unknown'> {
  const read = await s3.send(new GetObjectCommand({ Bucket: config.bucket, Key })).catch((error: unknown) => {
    if (errorName(error) === 'NoSuchKey') return undefined;
    throw error;
  });
  if (read === undefined) return 'gone';
  const { Body, Metadata } = read;
  const rows = Body === undefined ? null : readOverflow(REQUESTS, await Body.transformToByteArray());
  if (rows === null) return 'unknown';
  if (dryRun) return 'moved';
  const digest = Key.slice(overflowFolder(REQUESTS).length).slice(0, 64);
  for (const { kind, documents } of rows) {
    await s3.send(
      new PutObjectCommand({
        Bucket: config.bucket,
        Key: overflowKey(kind, digest),
        Body: await overflowBody(documents),
        ContentType: 'application/gzip',
        Metadata: { ...Metadata, documents: String(documents.length) },
      }),
    );
  }
  await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key }));
  return 'moved';
}

async function moveAll(
  place: Bucket,
  prefix: string,
  move: (key: string) => Promise<boolean>,
): Promise<MovedObjects> {
  let [found, moved] = [0, 0];
  for await (const keys of keysOf(place, prefix)) {
    found += keys.length;
    await mapLimit(keys, AT_ONCE, async (key) => {
      place.signal?.throwIfAborted();
      if (await move(key)) moved += 1;
    });
  }
  return { found, moved, unknown: found - moved };
}

/** The keys of objects below a prefix, by page. */
async function* keysOf({ s3, config: { bucket } }: Bucket, Prefix: string): AsyncGenerator<string[]> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix }))
    yield Contents.flatMap(({ Key = '' }) => (Key.endsWith('/') ? [] : [Key]));
}
