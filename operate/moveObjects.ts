import { hash } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../lib/aws/s3ObjectStore.ts';
import { claim } from '../lib/base/claim.ts';
import { mapLimit } from '../lib/base/concurrency.ts';
import { errorName } from '../lib/base/errors.ts';
import { eachAttempt } from '../lib/base/retry.ts';
import { isoTimestamp } from '../lib/base/time.ts';
import { isLeftObject } from '../lib/landing/adopt/adoptObjects.ts';
import { type OverflowMetadata, overflowBody } from '../lib/landing/adopt/overflow.ts';
import { isOwnFault } from '../lib/landing/frames/LandingError.ts';
import { readRecords, readRows } from '../lib/landing/frames/readLanded.ts';
import { readList } from '../lib/landing/write/landedLists.ts';
import { type TableKind, tableKinds } from '../lib/schema/kinds.ts';
import { claimKey } from '../lib/tables/ledgerKeys.ts';
import {
  LANDING_FOLDER,
  LISTS_FOLDER,
  landingKind,
  overflowKey,
  PARKED_FOLDER,
} from '../lib/tables/objectKeys.ts';
import { type Deployment, ObserveError } from '../observe/deployment.ts';

/** Objects that are moved at the same time. */
const AT_ONCE = 16;

/** Characters of rows of an overflow object: as much as 0.2 delivers at once. */
const PART_LENGTH = 1_048_576;

/** The result of moving the objects of a folder. */
export interface MovedObjects {
  readonly found: number;
  /** Moved, or in a dry run those that would be. */
  readonly moved: number;
  /** Objects that Sluice did not write in this form: they stay. */
  readonly unknown: number;
}

type Bucket = Pick<Deployment, 's3' | 'config' | 'now' | 'signal'>;

/**
 * Moves parked objects back to their own keys: the writer begins with them anew. Each object is copied before it is deleted. If
 * this is interrupted, the next call goes on; an object that was copied and not yet deleted is then written twice, under the same
 * event_ids or quarantine_ids.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export function returnParked(deployment: Bucket, dryRun: boolean): Promise<MovedObjects> {
  const { s3, config } = deployment;
  return moveAll(deployment, PARKED_FOLDER, async (key) => {
    const own = key.slice(PARKED_FOLDER.length);
    if (!isLeftObject(own) && landingKind(own) === null) return false;
    if (dryRun) return true;
    const CopySource = `${config.bucket}/${encodeURIComponent(key)}`;
    await s3.send(new CopyObjectCommand({ Bucket: config.bucket, Key: own, CopySource }));
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
    return true;
  });
}

/** Where the landing is split: claims end by time, and are waited for. */
type LandingBucket = Bucket & Pick<Deployment, 'clock' | 'wait' | 'random'>;

/**
 * Writes the rows of each object of the landing as overflow of the stream of their table. Version 0.2, to which a stack was
 * rolled back, delivers that, and has no writer. The keys follow from the object's, so that an interrupted call repeats its
 * writes. An object that can't be read to its end stays.
 *
 * An invocation of the newer version may still be writing some of them. It has claimed them, and this waits for its end:
 * otherwise both would deliver their rows.
 *
 * @throws ObserveError `SLUICE_OBSERVE_OVERFLOW_BUSY`; what S3's client throws; the reason of the signal.
 */
export async function splitLanding(deployment: LandingBucket, dryRun: boolean): Promise<MovedObjects> {
  if (!dryRun) await moveAll(deployment, LISTS_FOLDER, (key) => removeList(deployment, key));
  const move = async (key: string) => {
    if (landingKind(key) === 'list') return true;
    const claim = dryRun ? undefined : await claimObject(deployment, key);
    try {
      return await splitObject(deployment, key, dryRun);
    } finally {
      // A claim that could not be released expires by itself.
      await claim?.release().catch(() => undefined);
    }
  };
  return moveAll(deployment, LANDING_FOLDER, move);
}

/** Deletes a list, and its objects that files were made of. Others are split one by one. False if unreadable. */
async function removeList(deployment: LandingBucket, key: string): Promise<boolean> {
  const claim = await claimObject(deployment, key);
  try {
    const body = await readObject(deployment, key);
    if (body === undefined) return true;
    const { written } = readList(key, body.toString('utf8'));
    for (const Key of [...(written ?? []).map((member) => member.key), key])
      await deployment.s3.send(new DeleteObjectCommand({ Bucket: deployment.config.bucket, Key }));
    return true;
  } catch (error) {
    if (isOwnFault(error)) return false;
    throw error;
  } finally {
    await claim.release().catch(() => undefined);
  }
}

/** How long an object stays claimed: longer than an invocation of the writer can run. */
const CLAIM_MS = 16 * 60_000;
const CLAIM_PAUSES = { baseMs: 500, capMs: 5_000 };

/** @throws ObserveError `SLUICE_OBSERVE_OVERFLOW_BUSY` */
async function claimObject(
  { s3, config, now, clock, wait, random, signal }: LandingBucket,
  key: string,
): Promise<{ release(): Promise<void> }> {
  const started = clock.now();
  // A claim ends at a time of the deployment.
  const deployed = { now: () => now + clock.now() - started };
  const store = s3ObjectStore(s3, config.bucket);
  const until = { clock, deadline: started + 2 * CLAIM_MS };
  const policy = { ...CLAIM_PAUSES, wait, random, until, ...(signal === undefined ? {} : { signal }) };
  for await (const _ of eachAttempt(policy)) {
    const held = await claim(store, deployed, claimKey(key), deployed.now() + CLAIM_MS);
    if (held !== null) return held;
  }
  throw new ObserveError('SLUICE_OBSERVE_OVERFLOW_BUSY', `${key}.`);
}

/** @returns False if some of it can't be read. */
async function splitObject({ s3, config, now }: Bucket, key: string, dryRun: boolean): Promise<boolean> {
  const body = await readObject({ s3, config }, key);
  // It was written meanwhile.
  if (body === undefined) return true;
  const { records, unread } = readRecords(body);
  const rows: Record<TableKind, string[]> = { exposures: [], events: [], quarantine: [] };
  for (const frame of records.flatMap(({ frames }) => frames)) {
    const documents = readRows(body, frame);
    if (documents === null) return false;
    for (const document of documents) rows[frame.table].push(document);
  }
  if (unread.length > 0) return false;
  if (dryRun) return true;
  for (const kind of tableKinds)
    for (const [part, documents] of partsOf(rows[kind]).entries()) {
      const metadata: OverflowMetadata = {
        documents: String(documents.length),
        since: isoTimestamp(now),
        code: 'RolledBack',
      };
      await s3.send(
        new PutObjectCommand({
          Bucket: config.bucket,
          Key: overflowKey(kind, hash('sha256', `${key}\n${kind}\n${part}`)),
          Body: await overflowBody(documents),
          ContentType: 'application/gzip',
          Metadata: { ...metadata },
        }),
      );
    }
  await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
  return true;
}

function partsOf(rows: readonly string[]): string[][] {
  const parts: string[][] = [];
  let length = PART_LENGTH;
  for (const row of rows) {
    if (length >= PART_LENGTH) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(row);
    length += row.length;
  }
  return parts;
}

async function readObject(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  Key: string,
): Promise<Buffer | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: config.bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } catch (error) {
    if (errorName(error) === 'NoSuchKey') return undefined;
    throw error;
  }
}

async function moveAll(
  deployment: Bucket,
  prefix: string,
  move: (key: string) => Promise<boolean>,
): Promise<MovedObjects> {
  let [found, moved] = [0, 0];
  for await (const keys of keysOf(deployment, prefix)) {
    found += keys.length;
    await mapLimit(keys, AT_ONCE, async (key) => {
      deployment.signal?.throwIfAborted();
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
