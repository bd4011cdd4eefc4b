import { FirehoseClient } from '@aws-sdk/client-firehose';
import { S3Client } from '@aws-sdk/client-s3';
import { firehosePutRecord } from '../../../lib/aws/firehosePutRecord.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import type { Clock } from '../../../lib/base/time.ts';
import { type Collector, collectRequest } from '../../../lib/collect/answer.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { GroupsCache } from '../../../lib/groups/GroupsCache.ts';
import { putQuarantineLarge, quarantineWriter } from '../../../lib/landing/quarantineWriter.ts';
import { putRecordObject } from '../../../lib/landing/store/land.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import type { AwsWire } from '../../harness/startAwsWire.ts';

/** Milliseconds that a stand-in may take to answer. */
const PATIENCE_MS = 30_000;
export const NOW = Date.UTC(2026, 10, 20, 7, 32, 0, 123);

/** Outcome of a request: the answer, and its log line. */
export interface Posted {
  readonly status: number;
  readonly answer: {
    readonly success: boolean;
    readonly code?: string;
    readonly message?: string;
    readonly cure?: string;
  };
  readonly log: Record<string, unknown>;
  /** Its EMF lines. */
  readonly metrics: readonly Readonly<Record<string, unknown>>[];
}

export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  /** Text goes as API Gateway passes text on, bytes as base64. */
  readonly body?: string | Uint8Array;
  /** Milliseconds until it must be answered. */
  readonly withinMs?: number;
}

/**
 * A collector with the real AWS clients, pointed at a stand-in; its clock moves by what is waited.
 *
 * @param gate Default: the keys of the configuration, without a limit.
 */
export function makePost(
  wire: AwsWire,
  input: Partial<ConfigInput> = {},
  gate?: KeyGate,
): (request: Request) => Promise<Posted> {
  const config = defineConfig({
    bucket: 'bucket',
    unitIds: { companyID: 'company_id' },
    allowAnyKey: true,
    ...input,
  });
  const options = {
    endpoint: wire.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const firehose = new FirehoseClient(options);
  const clock = new ManualClock(NOW);
  const s3 = new S3Client(options);
  // Requests run by the manual clock. A busy machine must not use up their time: only a call that hangs is ended by
  // real time.
  const patient = (timeoutMs: number) =>
    wire.answers.includes('hang') ? timeoutMs : Math.max(timeoutMs, PATIENCE_MS);
  const put = firehosePutRecord(firehose, 'landing-stream');
  const putRecord: typeof put = (record, timeoutMs) => put(record, patient(timeoutMs));
  const collector: Omit<Collector, 'log' | 'writeMetrics'> = {
    plan: collectPlan(config),
    groups: noGroups(clock),
    keys:
      gate ??
      new KeyGate({
        configured: config.keys,
        cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random: () => 0.5, log: () => {} }),
        allowAnyKey: config.allowAnyKey,
      }),
    stream: { putRecord },
    putObject: (object, timeoutMs) =>
      putRecordObject(s3ObjectStore(s3, 'bucket'))(object, Math.max(timeoutMs, PATIENCE_MS)),
    writeQuarantine: quarantineWriter(config),
    putQuarantineLarge: (large, timeoutMs) =>
      putQuarantineLarge(s3ObjectStore(s3, 'bucket'))(large, Math.max(timeoutMs, PATIENCE_MS)),
    clock,
    alarm: () => () => {},
    logSuccess: () => true,
    stage: 'test',
  };
  return async ({
    method = 'POST',
    path = '/v1/rgstr',
    query = '',
    headers = {},
    body,
    withinMs = 2_500,
  }) => {
    const request: HttpRequest = {
      rawPath: path,
      rawQueryString: query,
      headers: { 'statsig-api-key': 'client-key', ...headers },
      requestContext: { http: { method } },
      isBase64Encoded: typeof body === 'object',
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : Buffer.from(body).toString('base64') }),
    };
    // Only this request's lines: another may still be under way.
    const logged: Record<string, unknown>[] = [];
    const metrics: Readonly<Record<string, unknown>>[] = [];
    const { status, body: text } = await collectRequest(
      request,
      { ...collector, log: (line) => logged.push(line), writeMetrics: (line) => metrics.push(line) },
      clock.now() + withinMs,
    );
    if (logged.length !== 1) throw new Error(`${logged.length} log lines instead of one`);
    return { status, answer: JSON.parse(text), log: logged[0] ?? {}, metrics };
  };
}

/** The groups of a deployment in which nothing was pulled. */
function noGroups(clock: Clock): GroupsCache {
  const quiet = () => undefined;
  return new GroupsCache({
    read: async () => 'none',
    clock,
    random: () => 0.5,
    log: quiet,
    countFailure: quiet,
  });
}
