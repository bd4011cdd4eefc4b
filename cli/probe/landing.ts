import { hash } from 'node:crypto';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { collectPlan } from '../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../lib/collect/rows.ts';
import { putRecordObject } from '../../lib/landing/delivery/land.ts';
import { encodeRecord, type LandingRow } from '../../lib/landing/frames/encodeRecord.ts';
import type { Config } from '../../lib/schema/config.ts';
import { directRecordKey } from '../../lib/tables/objectKeys.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer } from './Answer.ts';
import { PUT_TIMEOUT_MS } from './limits.ts';
import type { ProbeContext } from './openProbe.ts';
import { DIRECT_PART, probeEvent, type Run, UNFIT_PART } from './Run.ts';
import type { Row } from './rows.ts';

/** The object of a probe in the landing. */
export interface PlantedObject {
  readonly key: string;
}

/**
 * Puts an object into the landing, as the collector does with what the stream does not take: a row of events, and one that the
 * table does not take.
 *
 * @throws What S3's client throws.
 */
export async function plantObject(
  { clients: { s3 }, config }: ProbeContext,
  run: Run,
): Promise<PlantedObject> {
  const unfit = rowOf(config, run, UNFIT_PART);
  const events = [
    rowOf(config, run, DIRECT_PART),
    { ...unfit, json: JSON.stringify({ ...JSON.parse(unfit.json), timestamp: 'never' }) },
  ];
  const id = hash('sha256', run.id).slice(0, 32);
  const { bytes } = encodeRecord({ id, request: null, receivedAt: run.time, rows: { events } });
  const key = directRecordKey(hash('sha256', bytes));
  await putRecordObject(s3ObjectStore(s3, config.bucket))({ key, body: bytes }, PUT_TIMEOUT_MS);
  return { key };
}

/** The row that the collector makes from an event of the probe. */
function rowOf(config: Config, run: Run, part: string): LandingRow {
  const sender = {
    keyHash: hash('sha256', run.key),
    clientTimes: [],
    sessionId: null,
    sdkType: null,
    sdkVersion: null,
    receivedAt: run.time,
  };
  const batch = JSON.stringify({ events: [probeEvent(run, part, {})] });
  const [row] = collectBatch(batch, sender, collectPlan(config)).rows.events;
  if (row === undefined) throw new TypeError('The event of the probe does not make a row.');
  return row;
}

/**
 * Judges whether both rows are in their tables.
 *
 * @param quarantined Rows of quarantine.
 * @param isLeft Whether the object still exists.
 */
export function judgeLanding(rows: readonly Row[], quarantined: number, isLeft: boolean): Answer {
  const written = rows.filter(({ part }) => part === DIRECT_PART).length;
  const count = (number: number, table: string) => `${number} ${number === 1 ? 'row' : 'rows'} of ${table}`;
  const left =
    written === 0 || quarantined === 0 ? `; the object ${isLeft ? 'is still there' : 'is gone'}` : '';
  return answer(
    'SLUICE_PROBE_LANDING',
    written === 1 && quarantined === 1,
    `${count(written, 'events')}, ${count(quarantined, 'quarantine')}${left}`,
  );
}

/** Whether an object still exists; one that S3 does not return counts as deleted. */
export async function isLeft(
  s3: S3Client,
  bucket: string,
  planted: PlantedObject | undefined,
): Promise<boolean> {
  if (planted === undefined) return false;
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: planted.key }));
    return true;
  } catch (error) {
    if (explainAwsError(error)?.kind !== 'answered') throw error;
    return false;
  }
}
