import { hash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import fc from 'fast-check';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { readRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import { MAX_BODY_BYTES } from '../../../lib/wire/limits.ts';
import { emfProblems } from '../../harness/emfProblems.ts';
import { startAwsWire } from '../../harness/startAwsWire.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';

const environment = { ...process.env };
const { write } = process.stdout;
const written: string[] = [];

const wire = await startAwsWire();
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
  SLUICE_LOG_SUCCESSES: 'true',
});
const { handler } = await import('../../../functions/collect/handler.ts');
/** A request with an event, as API Gateway hands it over. */
const request = {
  rawPath: '/v1/rgstr',
  rawQueryString: 'k=client-key',
  headers: {},
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST' } },
  body: '{"events":[{"eventName":"e"}]}',
};
const invoke = (
  event: unknown,
  remainingMs = 10_000,
  invoked: (...args: never) => unknown = handler,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const context = { functionName: 'collect', awsRequestId: 'request' };
  const getRemainingTimeInMillis = () => remainingMs;
  return Reflect.apply(invoked, undefined, [event, { ...context, getRemainingTimeInMillis }]);
};
// Output that Lambda would pass to CloudWatch.
process.stdout.write = (text: string | Uint8Array) => {
  written.push(String(text));
  return true;
};
beforeAll(async () => {
  // It loads the clients, which on a busy machine takes longer than it has: it may answer 503.
  await invoke(request);
});
beforeEach(() => {
  written.length = 0;
  wire.rows.length = 0;
  wire.messages.length = 0;
  wire.objects.clear();
});
afterEach(() => {
  jest.restoreAllMocks();
  wire.answers = [];
  wire.s3Status = 200;
});
afterAll(async () => {
  process.stdout.write = write;
  await wire.close();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

describe('the deployed handler', () => {
  it('lands events through the real clients that its environment configures', async () => {
    // The stream is left alone for up to twenty seconds after it has failed, as it does in other tests.
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + MINUTE_MS / 2);
    expect(await invoke(request)).toEqual({
      statusCode: 202,
      headers: { 'content-type': 'application/json' },
      body: '{"success":true}',
    });
    expect(wire.rows).toMatchObject([{ place: 'stream', table: 'events' }]);
  });

  it('counts that experiment groups could not be read, and lands events all the same', async () => {
    // Groups are read again after five minutes.
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 10 * MINUTE_MS);
    wire.s3Status = 500;
    expect(await invoke(request)).toMatchObject({ statusCode: 202 });
    const lines = written.map((line): unknown => JSON.parse(line));
    const counted = { groups_failures: 1, function: 'collect', stage: 'test' };
    expect(lines).toContainEqual(expect.objectContaining(counted));
  });

  it.each([
    { error: 'ServiceUnavailableException', status: 503 },
    { error: 'ResourceNotFoundException', status: 400 },
    { error: 'NotImplemented', status: 501 },
  ])(
    'lands events as an object when the stream answers $error, and answers 503 if the bucket fails, too',
    async ({ error, status }) => {
      wire.answers = [{ error, status }];
      const named = { ...request, body: JSON.stringify({ events: [{ eventName: error }] }) };
      expect(await invoke(named)).toMatchObject({ statusCode: 202 });
      // A client may still try again what an earlier test has sent.
      const rows = wire.rows.filter(({ document }) => document.includes(error));
      expect(rows).toMatchObject([{ place: 'object', table: 'events' }]);
      expect([...wire.objects.keys()]).toContainEqual(
        expect.stringMatching(/^bucket\/landing\/direct\/\d{4}-\d\d-\d\d\/[0-9a-f]{64}\.ndjson\.gz$/),
      );
      wire.answers = [{ error, status }];
      wire.s3Status = 500;
      expect(await invoke(request)).toMatchObject({ statusCode: 503 });
    },
  );

  it('stores nothing with half a second left, as Lambda could end it before its answer', async () => {
    expect(await invoke(request, 500)).toMatchObject({ statusCode: 503 });
    expect(wire.rows).toEqual([]);
    expect(await invoke(request)).toMatchObject({ statusCode: 202 });
  });

  it('keeps a body that is too large for a row as an object', async () => {
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);
    expect(await invoke({ ...request, body })).toMatchObject({ statusCode: 413 });
    // Its row may be one, too: the stream is left alone for a while after it has failed.
    const large = [...wire.objects].filter(([key]) => key.startsWith('bucket/quarantine-large/'));
    expect(large.map(([, kept]) => kept === body)).toEqual([true]);
  });

  it('stores nothing two and a half seconds after a request has come', async () => {
    let late = 0;
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + late);
    const slow = {
      ...request,
      get body() {
        late = 2_500;
        return request.body;
      },
    };
    expect(await invoke(slow)).toMatchObject({ statusCode: 503 });
    expect(wire.rows).toEqual([]);
  });

  it('answers 503 in time when neither Firehose nor S3 accepts the events', async () => {
    wire.answers = Array(20).fill('hang');
    wire.s3Status = 500;
    const answering = invoke(request, 800);
    // It knows its deadline by now, so that Lambda's end comes after it, however busy the machine is.
    await nextTurn();
    const killed = wait(800, { statusCode: 0, body: 'Lambda ended it' }, { ref: false });
    const answer = await Promise.race([answering, killed]);
    const code = 'SLUICE_COLLECT_NOT_DELIVERED';
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ success: false, code });
  });
});

it('a request on which the handler fails is told of by its ID, and counted', async () => {
  const requestContext = { ...request.requestContext, requestId: 'the-request' };
  // No gateway leaves them out.
  const headers = null;
  expect(await invoke({ ...request, headers, requestContext })).toMatchObject({ statusCode: 503 });
  const lines = written.map((line): unknown => JSON.parse(line));
  const code = 'SLUICE_COLLECT_FAILED';
  expect(lines).toMatchObject([
    { function: 'collect', stage: 'test', received: 0, refused_requests: 1 },
    { function: 'collect', stage: 'test', reason: code, refused_requests: 1 },
    { level: 'error', event: 'collect', status: 503, request_id: 'the-request', code, error: 'TypeError' },
  ]);
});

describe('a handler with a configuration of its own', () => {
  const queueUrl = `${wire.url}/000000000000/relay`;
  const before = { ...process.env };
  const body = '{"events":[{"eventName":"e","user":{"userID":"u","email":"a@example.com"}}]}';
  let direct: typeof handler;
  const post = (more: Partial<typeof request> = {}) => invoke({ ...request, body, ...more }, 10_000, direct);
  beforeAll(async () => {
    const directory = temporaryDirectory();
    process.env['SLUICE_TEST_CONFIG'] = writeConfig(directory.path, {
      bucket: 'bucket',
      landing: 'direct',
      keys: [{ label: 'web', sha256: hash('sha256', 'client-key') }],
      logs: { successes: 0 },
      relay: { url: 'https://target.example', redacted: true },
      privacy: { redact: { 'user.email': 'drop' }, salt: 'a salt of sixteen characters' },
    });
    jest.resetModules();
    ({ handler: direct } = await import('../../../functions/collect/handler.ts').finally(() => {
      delete process.env['SLUICE_TEST_CONFIG'];
      directory.remove();
    }));
    Object.assign(process.env, {
      SLUICE_ALLOW_ANY_KEY: 'false',
      SLUICE_LOG_SUCCESSES: 'false',
      SLUICE_RELAY_QUEUE: queueUrl,
    });
    // It loads the clients of this handler, which on a busy machine takes longer than it has.
    await post();
  });
  afterAll(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it('puts events as an object, where the landing is direct, and logs no success, of which none is wanted', async () => {
    expect(await post()).toMatchObject({ statusCode: 202 });
    expect(wire.rows).toMatchObject([{ place: 'object', table: 'events' }]);
    expect(written.join('')).not.toContain('"event":"collect"');
  });

  it('relays a copy without what is redacted', async () => {
    await post();
    expect(wire.messages.map((message) => message.queueUrl)).toEqual([queueUrl]);
    const copy = readRelayCopy(wire.messages[0]?.body ?? '');
    expect(JSON.parse(Buffer.from(copy?.body ?? []).toString())).toEqual({
      events: [{ eventName: 'e', user: { userID: 'u' } }],
    });
  });

  it('takes no other key than that of its configuration', async () => {
    expect(await post({ rawQueryString: 'k=client-other' })).toMatchObject({ statusCode: 401 });
    expect(wire.rows).toEqual([]);
  });
});

/** A text that nobody else writes, of the kinds that slip through: word, number, address, path, JSON, a fake code. */
const secrets = fc
  .tuple(
    fc.constantFrom('needle', 'SLUICE_NEEDLE_', 'needle@example.com/', '{"needle":', '127.1.'),
    fc.stringMatching(/^[0-9a-f]{12}$/),
  )
  .map(([kind, digits]) => ({ text: kind + digits, digits }));

/** A request with the secret wherever a sender can put one. */
const requests = secrets.chain(({ text, digits }) => {
  const user = {
    userID: text,
    email: text,
    [text]: text,
    custom: { [text]: [text] },
    customIDs: { [text]: text },
  };
  const event = fc.record({
    eventName: fc.constantFrom<unknown>(text, 'statsig::gate_exposure', 'statsig::diagnostics', '', 7, null),
    user: fc.constantFrom<unknown>(user, text, [text], null),
    value: fc.constantFrom<unknown>(text, { [text]: 1 }, 1),
    time: fc.constantFrom<unknown>(text, 1_700_000_000_000, null),
    metadata: fc.constantFrom<unknown>({ [text]: text, gate: text, ruleID: text, reason: text }, text, null),
    statsigMetadata: fc.constantFrom<unknown>({ currentPage: text }, text),
    [text]: fc.constant(text),
  });
  const batch = fc
    .record({
      events: fc.array(fc.oneof(event, fc.constant<unknown>(text)), { maxLength: 4 }),
      user: fc.constantFrom<unknown>(user, text, undefined),
      statsigMetadata: fc.constant({
        sdkType: text,
        sdkVersion: text,
        stableID: text,
        sessionID: text,
        [text]: text,
      }),
    })
    .map((body) => JSON.stringify(body));
  const body = fc.oneof(
    { weight: 4, arbitrary: batch },
    fc.constantFrom(
      text,
      `${text}{`,
      `{"events":[${JSON.stringify(text)}`,
      `{"events":${JSON.stringify(text)}}`,
    ),
  );
  const request = fc.record({
    rawPath: fc.constantFrom(
      '/v1/rgstr',
      `/${text}`,
      `/v2/download_config_specs/${text}.json`,
      '/v1/sdk_exception',
    ),
    rawQueryString: fc.constantFrom(
      '',
      `k=client-${text}&st=${text}&sv=${text}&sid=${text}&t=${text}&${text}=1`,
    ),
    headers: fc.constantFrom<unknown>(
      { 'statsig-api-key': `client-${text}` },
      { 'statsig-api-key': `secret-${text}`, 'statsig-sdk-type': text, 'statsig-sdk-version': text },
      { 'statsig-api-key': text },
      {
        'statsig-api-key': 'client-key',
        'content-encoding': text,
        'user-agent': text,
        'x-forwarded-for': text,
      },
      // Headers that no gateway sends: the handler fails on them, and logs that.
      { 'statsig-api-key': { [text]: text } },
      null,
    ),
    requestContext: fc.record({ http: fc.record({ method: fc.constantFrom('POST', 'POST', 'POST', text) }) }),
    body,
    isBase64Encoded: fc.constant(false),
  });
  return fc.tuple(fc.constant(digits), request, fc.boolean());
});

describe('the log of the collector', () => {
  it('contains no part of a request, whatever is sent and whatever fails', async () => {
    const answers = new Set<number | undefined>();
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.constantFrom('none', 'calls', 'all'),
        async ([digits, request, zipped], broken) => {
          written.length = 0;
          wire.s3Status = broken === 'all' ? 403 : 200;
          const refused = { error: 'InvalidArgumentException', status: 400 };
          wire.answers = broken === 'none' ? [] : [refused];
          const { statusCode } = await invoke(
            zipped
              ? { ...request, body: gzipSync(request.body).toString('base64'), isBase64Encoded: true }
              : request,
          );
          answers.add(statusCode);
          const lines = written.join('').trimEnd().split('\n');
          // By its digits, in case the text was cut, escaped or folded.
          expect(lines.filter((line) => line.toLowerCase().includes(digits))).toEqual([]);
          expect(lines.length).toBeGreaterThan(1);
          for (const line of lines) {
            if (line.includes('_aws')) expect(emfProblems(line)).toEqual([]);
            else if (!/"event":"(start|stream_breaker)"/.test(line))
              expect(JSON.parse(line)).toMatchObject({ event: 'collect', status: statusCode });
          }
        },
      ),
      { numRuns: 400 },
    );
    expect([...answers].sort()).toEqual([202, 400, 401, 404, 405, 503]);
  });
});
