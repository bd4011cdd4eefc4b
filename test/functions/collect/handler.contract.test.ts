import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { type AwsWire, startAwsWire } from '../../harness/startAwsWire.ts';

let wire: AwsWire;
let invoke: (
  request: Partial<HttpRequest>,
  remainingMs?: number,
) => Promise<APIGatewayProxyStructuredResultV2>;
const environment = { ...process.env };

beforeAll(async () => {
  wire = await startAwsWire();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: wire.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    SLUICE_STREAM: 'landing-stream',
    SLUICE_BUCKET: 'bucket',
    SLUICE_KEYS_SECRET: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:keys',
    SLUICE_STAGE: 'test',
    SLUICE_ALLOW_ANY_KEY: 'true',
  });
  const { handler } = await import('../../../functions/collect/handler.ts');
  invoke = (request, remainingMs = 10_000) =>
    Reflect.apply(handler, undefined, [request, contextWith(remainingMs)]);
});
afterAll(async () => {
  await wire.close();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

function contextWith(remainingMs: number): Context {
  const nothing = () => {};
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'collect',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:collect',
    memoryLimitInMB: '1024',
    awsRequestId: 'request',
    logGroupName: '/aws/lambda/collect',
    logStreamName: 'test',
    getRemainingTimeInMillis: () => remainingMs,
    done: nothing,
    fail: nothing,
    succeed: nothing,
  };
}

const request = (body: string): HttpRequest => ({
  rawPath: '/v1/rgstr',
  rawQueryString: 'k=client-key',
  headers: {},
  requestContext: { http: { method: 'POST' } },
  body,
  isBase64Encoded: false,
});

describe('the deployed handler', () => {
  it('lands events through the real clients that its environment configures', async () => {
    const answer = await invoke(request('{"events":[{"eventName":"e"}]}'));
    expect(answer).toEqual({
      statusCode: 202,
      headers: { 'content-type': 'application/json' },
      body: '{"success":true}',
    });
    expect(wire.rows).toMatchObject([{ place: 'stream', table: 'events' }]);
  });

  it('answers 503 in time when neither Firehose nor S3 accepts the events', async () => {
    wire.answers = Array(20).fill('hang');
    wire.s3Status = 500;
    const answering = invoke(request('{"events":[{"eventName":"e"}]}'), 800);
    // It knows its deadline by now, so that Lambda's end comes after it, however busy the machine is.
    await nextTurn();
    const killed = wait(800, { statusCode: 0, body: 'Lambda ended it' }, { ref: false });
    const answer = await Promise.race([answering, killed]);
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({
      success: false,
      code: 'SLUICE_COLLECT_NOT_DELIVERED',
    });
  });

  it('answers 503 with JSON even to an event that no gateway sends', async () => {
    const { headers: _, ...headless } = request('{}');
    const answer = await invoke(headless);
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ success: false, code: 'SLUICE_COLLECT_FAILED' });
  });
});
