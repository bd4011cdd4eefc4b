// Requests of the deployed handler, or of one that a good engineer writes in an hour, with a Firehose on loopback that answers at once.
import { fork } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { measureWork, readRequest } from '../measure.ts';
import { collectBodies } from './collectBodies.ts';

/** Requests before the measured ones: code is compiled and the connection is open. */
const WARM_UP = 2_000;
/** Records of a call: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const BATCH = 500;
/** What the secret has of the key that is sent. */
const KEY = { label: 'bench', sha256: hash('sha256', 'client-key') };

/** Requests that are measured. */
export interface RequestsRequest {
  /** Whose handler they are for: the deployed one, or {@link plain}. */
  readonly side: 'sluice' | 'plain';
  /** Events of the body of each. */
  readonly eventsPerBody: number;
  /** How many they are. */
  readonly count: number;
}

if (process.send === undefined) {
  const { side, eventsPerBody, count } = await readRequest<RequestsRequest>();
  // The stub runs in another process, whose processor time is not counted.
  const stub = fork(import.meta.filename);
  const [port] = await once(stub, 'message');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    SLUICE_STREAM: 'landing',
    SLUICE_BUCKET: 'bench',
    SLUICE_KEYS_SECRET: 'keys',
    SLUICE_STAGE: 'bench',
    SLUICE_LOG_SUCCESSES: 'false',
  });
  const handler = side === 'plain' ? plain() : (await import('../../functions/collect/handler.ts')).handler;
  const context = {
    functionName: 'collect',
    awsRequestId: 'request',
    getRemainingTimeInMillis: () => 10_000,
  };
  const post = async (body: Uint8Array) => {
    const answer: unknown = await Reflect.apply(handler, undefined, [requestOf(body), context]);
    if (!JSON.stringify(answer).includes('202')) throw new Error(JSON.stringify(answer));
  };
  const bodies = collectBodies({ eventsPerBody, bodies: WARM_UP + count, seed: 1 });
  // The log, which Lambda passes on, is not to be among the figures.
  const { write } = process.stdout;
  process.stdout.write = () => true;
  for (const body of bodies.slice(0, WARM_UP)) await post(body);
  await measureWork(async () => {
    for (const body of bodies.slice(WARM_UP)) await post(body);
    process.stdout.write = write;
    return {};
  });
  stub.kill();
} else {
  // Each record's answer is as long as Firehose's.
  const answer = { RecordId: 'r'.repeat(220), Encrypted: true };
  const server = createServer(async (request, response) => {
    // The groups of experiments, which the bucket does not have.
    if (request.method !== 'POST') return response.writeHead(404).end();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue')
      return response.end(JSON.stringify({ SecretString: JSON.stringify({ keys: [KEY] }) }));
    const { Records }: { Records?: readonly object[] } = JSON.parse(await text(request));
    const answers = { FailedPutCount: 0, Encrypted: true, RequestResponses: Records?.map(() => answer) };
    response.end(JSON.stringify(Records === undefined ? answer : answers));
  }).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

/** The request of a body, as API Gateway hands it over. */
function requestOf(body: Uint8Array) {
  return {
    rawPath: '/v1/rgstr',
    rawQueryString: 'k=client-key',
    isBase64Encoded: true,
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    requestContext: { http: { method: 'POST' } },
    body: Buffer.from(body).toString('base64'),
  };
}

/** A record an event, and the body is not looked at further. */
function plain() {
  const client = new FirehoseClient({});
  return middy<APIGatewayProxyEventV2>().handler(async (event) => {
    const bytes = Buffer.from(event.body ?? '', 'base64');
    const body = event.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    const { events, statsigMetadata } = JSON.parse(body.toString());
    const receivedAt = new Date().toISOString();
    const records = events.map((sdkEvent: object) => ({
      Data: Buffer.from(`${JSON.stringify({ ...sdkEvent, statsigMetadata, receivedAt })}\n`),
    }));
    for (let at = 0; at < records.length; at += BATCH) {
      const Records = records.slice(at, at + BATCH);
      const { FailedPutCount } = await client.send(
        new PutRecordBatchCommand({ DeliveryStreamName: 'landing', Records }),
      );
      if (FailedPutCount !== 0) return { statusCode: 503, body: '{"success":false}' };
    }
    return { statusCode: 202, body: '{"success":true}' };
  });
}
