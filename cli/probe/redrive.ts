import { hash } from 'node:crypto';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { s3Overflow } from '../../lib/aws/s3Overflow.ts';
import { collectPlan } from '../../lib/collect/CollectPlan.ts';
import { collectBatch } from '../../lib/collect/collectBatch.ts';
import { overflowObject } from '../../lib/landing/delivery/overflow.ts';
import type { Config } from '../../lib/schema/config.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer } from './Answer.ts';
import { PUT_TIMEOUT_MS } from './limits.ts';
import type { Place } from './openPlace.ts';
import { ERROR_KEY_PREFIX, probeEvent, type Run } from './Run.ts';
import type { Row } from './rows.ts';

/** Last part of the name of the event that is put under `overflow/`. */
export const OVERFLOW_PART = 'redrive_overflow';
/** Last part of the name of the event in a line under `errors/`, like one that Firehose could not deliver. */
const ERROR_PART = 'redrive_errors';

/** Keys of the objects that redrive should process. */
export interface PlantedObjects {
  readonly overflow: string;
  readonly error: string;
}

/**
 * Writes an object under `overflow/`, as the collector does, and one under `errors/`, as Firehose does.
 *
 * @throws What S3's client throws.
 */
export async function plantObjects({ clients: { s3 }, config }: Place, run: Run): Promise<PlantedObjects> {
  const overflow = await overflowObject(
    [
      {
        kind: 'events',
        documents: [rowOf(config, run, OVERFLOW_PART)],
        returned: [{ index: 0, reason: 'not_acknowledged', code: 'SluiceProbe' }],
      },
    ],
    run.time,
    run.id,
  );
  await s3Overflow(s3, config.bucket)(overflow, PUT_TIMEOUT_MS);
  const error = `${ERROR_KEY_PREFIX}${run.id}`;
  const line = {
    attemptsMade: 1,
    arrivalTimestamp: run.time,
    errorCode: 'DataFormatConversion.MalformedData',
    errorMessage: 'Written by sluice probe.',
    attemptEndingTimestamp: run.time,
    rawData: Buffer.from(rowOf(config, run, ERROR_PART)).toString('base64'),
  };
  await s3.send(
    new PutObjectCommand({ Bucket: config.bucket, Key: error, Body: `${JSON.stringify(line)}\n` }),
  );
  return { overflow: overflow.key, error };
}

/** The row that the collector makes from an event of the probe. */
function rowOf(config: Config, run: Run, part: string): string {
  const sender = {
    keyHash: hash('sha256', run.key),
    clientTimes: [],
    sessionId: null,
    sdkType: null,
    sdkVersion: null,
    receivedAt: run.time,
  };
  const batch = JSON.stringify({ events: [probeEvent(run, part, {})] });
  const [row] = collectBatch(batch, sender, collectPlan(config)).documents.events;
  if (row === undefined) throw new TypeError('The event of the probe does not make a row.');
  return row;
}

/**
 * Judges whether both objects became rows, in the events table and in quarantine.
 *
 * @param left Keys of those that still exist.
 */
export function judgeRedrive(
  planted: PlantedObjects,
  rows: readonly Row[],
  quarantined: number,
  left: readonly string[],
): Answer {
  const delivered = rows.filter(({ part }) => part === OVERFLOW_PART);
  const events = new Set(delivered.map(({ eventId }) => eventId)).size;
  const rowsText = (folder: string, key: string, count: number, table: string) => {
    if (count > 0) return `${folder}/: ${count} ${count === 1 ? 'row' : 'rows'} of ${table}`;
    return `${folder}/: no row of ${table}, and the object ${left.includes(key) ? 'still lies there' : 'is gone'}`;
  };
  return answer(
    'SLUICE_PROBE_REDRIVE',
    events === 1 && quarantined > 0,
    [
      rowsText('overflow', planted.overflow, delivered.length, 'events'),
      rowsText('errors', planted.error, quarantined, 'quarantine'),
    ].join('; '),
  );
}

/** Keys of the objects that still exist; those that S3 does not return count as deleted. */
export async function leftObjects(
  s3: S3Client,
  bucket: string,
  planted: PlantedObjects | undefined,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const Key of planted === undefined ? [] : [planted.overflow, planted.error]) {
    try {
      await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      left.push(Key);
    } catch (error) {
      if (explainAwsError(error)?.kind !== 'answered') throw error;
    }
  }
  return left;
}
