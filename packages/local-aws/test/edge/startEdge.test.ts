import { Agent } from 'node:http';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { DAY_MS, HOUR_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import { AwsError } from '../../src/protocol/AwsError.ts';
import { blob, jsonService, operation } from '../../src/protocol/jsonService.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';
import { type RawRequest, send, sha256, sign, signedRequest } from './signedRequest.ts';

const opened = closedAfterEach();

/** Three days off the machine's clock, which the SDK signs by. */
const NOW = Date.now() + 3 * DAY_MS;

const glue = jsonService({
  signingName: 'glue',
  targetPrefix: 'AWSGlue',
  contentType: 'application/x-amz-json-1.1',
  invalidInput: (message) => new AwsError('InvalidInputException', 400, message),
  errorHeaders: (error) => ({ 'x-amzn-query-error': `${error.code};Sender` }),
  bodyLimitBytes: 1000,
  operations: {
    GetDatabase: operation({
      input: z.strictObject({
        Name: z.string().min(2),
        CatalogId: z.string().optional(),
        Raw: blob.optional(),
      }),
      run({ Name, Raw }) {
        if (Name === 'none') throw new AwsError('EntityNotFoundException', 400, 'No such database.');
        if (Name === 'defect') throw new TypeError('a defect of ours');
        return {
          Database: { Name, Description: Raw === undefined ? 'none' : Buffer.from(Raw).toString('hex') },
        };
      },
    }),
  },
});

describe('the edge with a JSON service', () => {
  const clock = new ManualClock(NOW);
  const defects: unknown[] = [];
  let edge: Edge;
  let client: GlueClient;
  const config = () => ({
    endpoint: edge.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  const call = (raw: Partial<RawRequest> = {}, input: unknown = { Name: 'db' }) =>
    signedRequest({
      url: edge.url,
      path: '/',
      method: 'POST',
      service: 'glue',
      at: new Date(clock.now()),
      headers: { 'x-amz-target': 'AWSGlue.GetDatabase', 'content-type': 'application/x-amz-json-1.1' },
      body: typeof input === 'string' ? input : JSON.stringify(input),
      ...raw,
    });

  beforeAll(async () => {
    edge = await startEdge({
      services: [glue],
      clock,
      onDefect: (error) => defects.push(error),
    });
    client = new GlueClient(config());
  });
  afterAll(async () => {
    client.destroy();
    await edge.close();
  });

  it('answers the real client and corrects its clock', async () => {
    const fresh = opened(new GlueClient(config()), (one) => one.destroy());
    const { Database, $metadata } = await fresh.send(new GetDatabaseCommand({ Name: 'db' }));
    expect(Database).toEqual({ Name: 'db', Description: 'none' });
    // The machine's own clock is elsewhere: the first try is refused, and the Date of the refusal mends the second.
    expect($metadata.attempts).toBe(2);
    expect((await fresh.send(new GetDatabaseCommand({ Name: 'db' }))).$metadata.attempts).toBe(1);
  });

  it("returns the service's own error codes with their headers", async () => {
    expect(await failureOf(client.send(new GetDatabaseCommand({ Name: 'none' })))).toMatchObject({
      name: 'EntityNotFoundException',
      status: 400,
      message: 'No such database.',
    });
    const raw = await call({}, { Name: 'none' });
    expect(raw.headers).toMatchObject({
      'x-amzn-query-error': 'EntityNotFoundException;Sender',
      'content-type': 'application/x-amz-json-1.1',
      date: new Date(clock.now()).toUTCString(),
    });
    expect(raw.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    {
      name: 'a member it does not know',
      input: { Name: 'db', Colour: 'red' },
      status: 501,
      code: 'NotImplemented',
      words: 'glue GetDatabase member Colour',
    },
    {
      name: 'a value of the wrong type',
      input: { Name: 7 },
      status: 400,
      code: 'SerializationException',
      words: 'Name',
    },
    {
      name: 'a blob that is not base64',
      input: { Name: 'db', Raw: 'a?' },
      status: 400,
      code: 'SerializationException',
      words: 'not base64',
    },
    {
      name: 'a member that is missing',
      input: {},
      status: 400,
      code: 'InvalidInputException',
      words: 'Name',
    },
    {
      name: 'a value out of bounds',
      input: { Name: 'x' },
      status: 400,
      code: 'InvalidInputException',
      words: 'Name',
    },
    {
      name: 'what is no JSON',
      input: '{"Name":',
      status: 400,
      code: 'SerializationException',
      words: 'JSON',
    },
    {
      name: 'a list for an object',
      input: [],
      status: 400,
      code: 'SerializationException',
      words: 'the input',
    },
    {
      name: 'a body of a byte more than the limit',
      input: { Name: 'x'.repeat(990) },
      status: 413,
      code: 'RequestEntityTooLarge',
      words: '1000',
    },
  ])('rejects $name', async ({ input, status, code, words }) => {
    const answer = await call({}, input);
    expect(answer.status).toBe(status);
    const body: unknown = JSON.parse(answer.body);
    expect(body).toMatchObject({ __type: code, message: expect.stringContaining(words) });
  });

  it('takes a body as large as the limit', async () => {
    expect((await call({}, { Name: 'x'.repeat(989) })).status).toBe(200);
  });

  it('reads null as an absent member and base64 as bytes', async () => {
    expect(JSON.parse((await call({}, { Name: 'db', CatalogId: null, Raw: 'AQID' })).body)).toEqual({
      Database: { Name: 'db', Description: '010203' },
    });
  });

  it('rejects an operation that is not emulated and names it', async () => {
    const answer = await call({ headers: { 'x-amz-target': 'AWSGlue.GetCrawler' } });
    expect(answer).toMatchObject({ status: 501, body: expect.stringContaining('glue GetCrawler') });
  });

  it('finds the service by the target of an unsigned request, and rejects the missing signature', async () => {
    const answer = await send(
      { url: edge.url, path: '/', method: 'POST', body: '{}' },
      { 'x-amz-target': 'AWSGlue.GetDatabase' },
    );
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).__type).toBe('MissingAuthenticationTokenException');
  });

  it.each([
    { what: 'an unknown key', raw: { accessKeyId: 'AKIDNOBODY' }, code: 'UnrecognizedClientException' },
    { what: 'a wrong secret', raw: { secret: 'guess' }, code: 'InvalidSignatureException' },
    {
      what: 'a signature of an hour ago',
      raw: { at: new Date(NOW - HOUR_MS) },
      code: 'InvalidSignatureException',
    },
    {
      what: 'a body that was not signed',
      raw: { payloadHash: sha256('{}') },
      code: 'InvalidSignatureException',
    },
    {
      what: 'a header that was altered',
      raw: { unsigned: { 'x-amz-target': 'AWSGlue.GetTable' } },
      code: 'InvalidSignatureException',
    },
  ])('rejects $what', async ({ raw, code }) => {
    const answer = await call(raw);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).__type).toEqual(code);
  });

  it('accepts a signed body without a hash header, as the AWS CLI sends it', async () => {
    const raw: RawRequest = {
      url: edge.url,
      path: '/',
      method: 'POST',
      service: 'glue',
      at: new Date(clock.now()),
      headers: { 'x-amz-target': 'AWSGlue.GetDatabase' },
      body: '{"Name":"db"}',
      unnamedHash: true,
    };
    const { headers } = sign(raw);
    expect(headers).not.toHaveProperty('x-amz-content-sha256');
    expect((await send(raw, headers)).status).toBe(200);
    expect((await send({ ...raw, body: '{"Name":"db2"}' }, headers)).status).toBe(403);
  });

  it('rejects a service that is not emulated by name, in the error format of its client', async () => {
    const firehose = opened(new FirehoseClient(config()), (one) => one.destroy());
    const failure = await failureOf(
      firehose.send(new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('x') } })),
    );
    expect(failure).toMatchObject({
      name: 'NotImplemented',
      status: 501,
      message: expect.stringContaining('firehose'),
    });
    const form = await call({
      service: 'sts',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(form).toMatchObject({ status: 501, body: expect.stringContaining('<Code>NotImplemented</Code>') });
  });

  it('checks a header on several lines as one whose values are joined, as the SDK for Java signs it', async () => {
    const raw = {
      url: edge.url,
      path: '/',
      method: 'POST',
      service: 'glue',
      at: new Date(clock.now()),
      headers: {
        'x-amz-target': 'AWSGlue.GetDatabase',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-wanted': 'a b,c,d',
      },
      body: JSON.stringify({ Name: 'db' }),
    };
    const lines = async (wanted: string[]) =>
      (await send(raw, { ...sign(raw).headers, 'x-amz-wanted': wanted })).status;
    expect(await lines(['a  b', ' c', 'd '])).toBe(200);
    expect(await lines(['a b,c', 'd'])).toBe(200);
    expect(await lines(['a b', 'd', 'c'])).toBe(403);
    expect(await lines(['a b', 'c'])).toBe(403);
  });

  it('answers 500 to an internal defect, and reports it', async () => {
    const answer = await call({}, { Name: 'defect' });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body).__type).toBe('InternalFailure');
    expect(answer.body).not.toContain('a defect of ours');
    expect(defects.splice(0)).toEqual([expect.objectContaining({ message: 'a defect of ours' })]);
  });

  it('keeps a connection open after rejecting a large body on it', async () => {
    const agent = opened(new Agent({ keepAlive: true, maxSockets: 1 }), (one) => one.destroy());
    expect((await call({ agent }, { Name: 'x'.repeat(3_000_000) })).status).toBe(413);
    expect((await call({ agent })).status).toBe(200);
  });
});

describe('closing the edge', () => {
  it('answers the requests in progress, then closes every connection at once', async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const edge = await startEdge({
      clock: new ManualClock(Date.now()),
      services: [
        {
          signingName: 'slow',
          operations: [],
          async handle() {
            started.resolve();
            await finish.promise;
            return { status: 200, body: 'done' };
          },
        },
      ],
    });
    const agent = opened(new Agent({ keepAlive: true }), (one) => one.destroy());
    const answer = signedRequest({ url: edge.url, path: '/', service: 'slow', agent });
    await started.promise;
    const closed = edge.close();
    finish.resolve();
    expect(await answer).toMatchObject({ status: 200, body: 'done', headers: { connection: 'close' } });
    await closed;
    await expect(signedRequest({ url: edge.url, path: '/', service: 'slow', agent })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});
