import { hash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import fc from 'fast-check';
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
const invoke = (
  request: unknown,
  remainingMs = 10_000,
  invoked: (...args: never) => unknown = handler,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const context = { functionName: 'collect', awsRequestId: 'request' };
  const getRemainingTimeInMillis = () => remainingMs;
  return Reflect.apply(invoked, undefined, [request, { ...context, getRemainingTimeInMillis }]);
};
// Output that Lambda would pass to CloudWatch.
process.stdout.write = (text: string | Uint8Array) => {
  written.push(String(text));
  return true;
};
beforeEach(() => {
  written.length = 0;
});
afterAll(async () => {
  process.stdout.write = write;
  await wire.close();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

describe('the deployed handler', () => {
  const request = {
    rawPath: '/v1/rgstr',
    rawQueryString: 'k=client-key',
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method: 'POST' } },
    body: '{"events":[{"eventName":"e"}]}',
  };

  it('lands events through the real clients that its environment configures', async () => {
    // On a busy machine the first one of all, which loads them, may get 503.
    await invoke(request);
    wire.rows.length = 0;
    expect(await invoke(request)).toEqual({
      statusCode: 202,
      headers: { 'content-type': 'application/json' },
      body: '{"success":true}',
    });
    expect(wire.rows).toMatchObject([{ place: 'stream', table: 'events' }]);
  });

  it.each([
    ['ServiceUnavailableException', 503],
    ['ResourceNotFoundException', 400],
    ['NotImplemented', 501],
  ])('lands events as an object when the stream answers %s, or answers 503', async (error, status) => {
    wire.rows.length = 0;
    wire.objects.clear();
    wire.answers = [{ error, status }];
    expect(await invoke(request)).toMatchObject({ statusCode: 202 });
    expect(wire.rows).toMatchObject([{ place: 'object', table: 'events' }]);
    expect([...wire.objects.keys()].join()).toMatch(
      /^bucket\/landing\/direct\/\d{4}-\d\d-\d\d\/[0-9a-f]{64}\.ndjson\.gz$/,
    );
    wire.answers = [{ error, status }];
    wire.s3Status = 500;
    expect(await invoke(request)).toMatchObject({ statusCode: 503 });
    wire.s3Status = 200;
  });

  it('stores nothing with half a second left, as Lambda could end it before its answer', async () => {
    wire.rows.length = 0;
    expect(await invoke(request, 500)).toMatchObject({ statusCode: 503 });
    expect(wire.rows).toEqual([]);
    expect(await invoke(request)).toMatchObject({ statusCode: 202 });
  });

  it('keeps a body that is too large for a row as an object', async () => {
    wire.objects.clear();
    wire.answers = [];
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);
    expect(await invoke({ ...request, body })).toMatchObject({ statusCode: 413 });
    // Its row may be one, too: the stream is left alone for a while after it has failed.
    const large = [...wire.objects].filter(([key]) => key.startsWith('bucket/quarantine-large/'));
    expect(large.map(([, kept]) => kept === body)).toEqual([true]);
  });

  it('leaves the stream alone, takes its own keys, logs no success and relays what is redacted if it is configured so', async () => {
    const directory = temporaryDirectory();
    const input = {
      bucket: 'bucket',
      landing: 'direct',
      keys: [{ label: 'web', sha256: hash('sha256', 'client-key') }],
      logs: { successes: 0 },
      relay: { url: 'https://target.example', redacted: true },
      privacy: { redact: { 'user.email': 'drop' }, salt: 'a salt of sixteen characters' },
    } as const;
    process.env['SLUICE_TEST_CONFIG'] = writeConfig(directory.path, input);
    jest.resetModules();
    const { handler: direct } = await import('../../../functions/collect/handler.ts').finally(() => {
      delete process.env['SLUICE_TEST_CONFIG'];
      directory.remove();
    });
    const queueUrl = `${wire.url}/000000000000/relay`;
    const deployed = {
      SLUICE_ALLOW_ANY_KEY: 'false',
      SLUICE_LOG_SUCCESSES: 'false',
      SLUICE_RELAY_QUEUE: queueUrl,
    };
    const before = { ...process.env };
    Object.assign(process.env, deployed);
    try {
      const body = '{"events":[{"eventName":"e","user":{"userID":"u","email":"a@example.com"}}]}';
      // On a busy machine the first one of all, which loads its clients, may get 503.
      await invoke({ ...request, body }, 10_000, direct);
      wire.rows.length = 0;
      wire.messages.length = 0;
      written.length = 0;
      expect(await invoke({ ...request, body }, 10_000, direct)).toMatchObject({ statusCode: 202 });
      expect(wire.messages.map((message) => message.queueUrl)).toEqual([queueUrl]);
      const copy = readRelayCopy(wire.messages[0]?.body ?? '');
      expect(JSON.parse(Buffer.from(copy?.body ?? []).toString())).toEqual({
        events: [{ eventName: 'e', user: { userID: 'u' } }],
      });
      expect(wire.rows).toMatchObject([{ place: 'object', table: 'events' }]);
      expect(written.join('')).not.toContain('"event":"collect"');
      expect(await invoke({ ...request, rawQueryString: 'k=client-other' }, 10_000, direct)).toMatchObject({
        statusCode: 401,
      });
      expect(wire.rows).toHaveLength(1);
    } finally {
      for (const name of Object.keys(deployed)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  it('stores nothing two and a half seconds after a request has come', async () => {
    let late = 0;
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + late);
    wire.rows.length = 0;
    const slow = {
      ...request,
      get body() {
        late = 2_500;
        return request.body;
      },
    };
    try {
      expect(await invoke(slow)).toMatchObject({ statusCode: 503 });
    } finally {
      jest.restoreAllMocks();
    }
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
    wire.s3Status = 200;
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
    expect([...answers].sort()).toEqual(
      [202, 400, 401, 404, 405, 415, 503].filter((status) => answers.has(status)),
    );
    for (const status of [202, 400, 401, 404, 503]) expect(answers.has(status)).toBe(true);
  });
});
