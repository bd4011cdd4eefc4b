import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { directRecordKey, rowPath } from '../../lib/tables/objectKeys.ts';
import { startCloud } from '../../local/startCloud.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { callMain } from '../harness/callMain.ts';
import { removeVersion } from '../harness/storyCloud.ts';
import { recordOf } from './startLanding.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const HOUR = 3_600_000;

/** A local cloud on a clock that tests move, and what questions are asked about it. */
export async function startObserved(startMs: number) {
  const data = mkdtempSync(join(tmpdir(), 'sluice-observe-'));
  const clock = new MovableClock();
  await clock.set(startMs);
  const cloud = await startCloud({ port: 0, edgePort: 0, data, clock });
  const options = { endpoint: cloud.edge, region: 'us-east-1', credentials };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const put = async (Key: string, Body: Uint8Array | string): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body }));
  };
  const control = async (method: string, name: string, body?: object): Promise<unknown> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${cloud.edge}/_sluice/${name}`, { method, ...sent });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    cloud,
    clock,
    s3,
    options,
    control,
    /** Posts one body as an SDK does. */
    async send(body: object | string, headers: Readonly<Record<string, string>> = {}) {
      const { status, headers: answered } = await fetch(`${cloud.collector}/v1/rgstr`, {
        method: 'POST',
        headers: { 'statsig-api-key': 'client-observe', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status, requestId: answered.get('apigw-requestid') ?? '' };
    },
    /** Lets the hour end and its buffers be delivered. */
    async closeHour(): Promise<string> {
      const hour = new Date(clock.now()).toISOString().slice(0, 13);
      await cloud.flush();
      await clock.set(Math.ceil(clock.now() / HOUR) * HOUR + HOUR / 2);
      await cloud.flush();
      return `${hour}:00:00.000Z`;
    },
    async keys(prefix: string): Promise<string[]> {
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket: cloud.bucket, Prefix: prefix }),
      );
      return Contents.map(({ Key = '' }) => Key);
    },
    async remove(Key: string): Promise<void> {
      await removeVersion(s3, cloud.bucket, Key);
    },
    /** Puts an object into the bucket. */
    put,
    /** Lets a function do nothing until faults are removed. */
    hold: (part: 'write' | 'register') =>
      control('POST', 'faults', {
        lambda: [{ fault: 'throttleInvocations', function: `sluice-local-${part}`, calls: 'all' }],
      }),
    /** Lands quarantine rows of events that their table did not take, and takes by now. They are received now. */
    async landUnfit(users: readonly string[]): Promise<void> {
      const received_at = new Date(clock.now()).toISOString();
      const day = received_at.slice(0, 10);
      const path = rowPath('landing/2026/11/20/08/x', 'events', day);
      const rows = users.map((user_id) => {
        const event_id = hash('md5', user_id);
        const own = { event_id, event_name: 'buy', user_id, timestamp: received_at, received_at };
        const raw = { raw: JSON.stringify(own), raw_encoding: 'text' };
        const refused = {
          quarantine_id: hash('md5', event_id),
          received_at,
          reason: 'SLUICE_ROW_UNFIT',
          path,
        };
        return { day, json: JSON.stringify({ ...refused, ...raw }) };
      });
      const bytes = recordOf({ quarantine: rows });
      await put(directRecordKey(day, hash('sha256', bytes)), bytes);
    },
    /** Runs a command on the cloud. */
    sluice: (name: string, ...args: string[]) =>
      callMain([name, ...args, '--local', '--endpoint-url', cloud.edge], { env }),
    /** Runs a command on another endpoint. */
    at: (endpoint: string, name: string, ...args: string[]) =>
      callMain([name, ...args, '--local', '--endpoint-url', endpoint], { env }),
    async close(): Promise<void> {
      s3.destroy();
      await cloud.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
