import { brotliCompressSync, brotliDecompressSync, deflateSync, inflateSync } from 'node:zlib';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askDomain } from '../../../cli/probe/ask/askGateway.ts';
import { askBurst, askSlow } from '../../../cli/probe/ask/askLimits.ts';
import { askServices } from '../../../cli/probe/ask/askServices.ts';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { callMain } from '../../harness/callMain.ts';
import { type FrontRequest, startFront, type Tampering } from './startFront.ts';
import { startProbed } from './startProbed.ts';

let probed: Awaited<ReturnType<typeof startProbed>>;
beforeAll(async () => {
  probed = await startProbed({ bucket: 'acme-probed', endpoint: { requestsPerSecond: 50, burst: 50 } });
});
afterAll(() => probed.close());

/** Probes through something that does not behave. */
async function through(
  tamper: (request: FrontRequest) => Tampering,
  options: { readonly cors?: boolean } = {},
) {
  const front = await startFront(probed.cloud.collector, tamper, options);
  try {
    return await probed.probe(['--url', front.url, '--wait', '1']);
  } finally {
    await front.close();
  }
}

const encodingOf = ({ headers }: FrontRequest) => headers['content-encoding'];
const MIB = 1_048_576;
const DAY_MS = 86_400_000;

const found = (answers: ReadonlyMap<string, { readonly found: string }>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, answers.get(name)?.found]));

/** The code of an error, below the place that the probe prints first. */
const codeIn = (stderr: string) => /^SLUICE_\w+/m.exec(stderr)?.[0];

describe('sluice probe, when AWS does not behave as expected', () => {
  it('finds events that were lost, changed, refused or accepted above a limit', async () => {
    const { code, answers, report } = await through((request) => {
      const { target, body } = request;
      if (body.length > 10 * MIB) return { forward: shrunk(body), status: 413 };
      if (body.length > 6.4 * MIB) return { forward: null, status: 502 };
      if (body.length > 5.9 * MIB) return { forward: null, status: 413 };
      if (target.includes('gz=1')) return { forward: null, status: 415 };
      if (encodingOf(request) === 'zstd') return { forward: null, status: 202, json: { success: true } };
      if (encodingOf(request) === 'br') {
        const json = brotliDecompressSync(body).toString().replace('東京', '??');
        return { forward: brotliCompressSync(json) };
      }
      if (encodingOf(request) === 'deflate') {
        const { events }: { events: [{ time: number }] } = JSON.parse(inflateSync(body).toString());
        const [event] = events;
        return {
          forward: deflateSync(JSON.stringify({ events: [{ ...event, time: event.time - DAY_MS }] })),
        };
      }
      if (body.includes('packed_records')) {
        const { events }: { events: unknown[] } = JSON.parse(body.toString());
        return { forward: Buffer.from(JSON.stringify({ events: events.filter((_, n) => n !== 417) })) };
      }
      return {};
    });
    const otherwise = report.answers.filter(({ verdict }) => verdict === 'otherwise');
    expect(code).toBe(3);
    expect(Object.fromEntries(otherwise.map((one) => [one.code.slice(13), one.found]))).toEqual({
      GZIP_UNTYPED: '415, gateway (Tampered)',
      ZSTD_JSON: '202, but no row',
      BROTLI_JSON: expect.stringMatching(/^202, 1 row, but another text: .*Grüße, \?\? /),
      TEXT_UNDER_LIMIT: '413, gateway (Tampered)',
      OVER_LAMBDA_LIMIT: '502, gateway (Tampered), CORS headers',
      OVER_GATEWAY_LIMIT: '413, gateway (Tampered), CORS headers, but 1 row',
      DELIVERY_TIME: 'not all rows arrived in time',
      PACKED_RECORDS: '599 rows; of 600 the first missing is number 417',
      DAY: expect.stringMatching(/^\d{4}-\d\d-\d\d instead of /),
      TIMESTAMP_VALUE: expect.stringMatching(/^[\d-]{10} [\d:.]{12} instead of /),
      CUSTOM_DOMAIN: expect.stringMatching(/^paths unchanged, 12 answers as expected, otherwise: SLUICE_/),
    });
    expect(found(answers, ['GZIP_JSON', 'BINARY_UNDER_LIMIT'])).toEqual({
      GZIP_JSON: '202, 1 row',
      BINARY_UNDER_LIMIT: '202, 1 row',
    });
  });

  it('finds responses that browsers cannot read', async () => {
    const { code, report } = await through(() => ({}), { cors: false });
    const otherwise = report.answers.filter(({ verdict }) => verdict === 'otherwise');
    expect([code, Object.fromEntries(otherwise.map((one) => [one.code.slice(13), one.found]))]).toEqual([
      3,
      {
        PREFLIGHT: expect.stringMatching(/^204, no CORS headers, not allowed: content-type .* POST$/),
        CORS_ACCEPTED: '202, no CORS headers',
        CORS_REFUSED: '401, SLUICE_KEY_MISSING, no CORS headers',
        OVER_LAMBDA_LIMIT: '413, gateway (Request Entity Too Large), no CORS headers',
        OVER_GATEWAY_LIMIT: '413, gateway (Request Entity Too Large), no CORS headers',
        CUSTOM_DOMAIN: expect.stringMatching(/^paths unchanged, 13 answers as expected, otherwise: SLUICE_/),
      },
    ]);
  });
});

describe('a domain of your own', () => {
  async function overDomain(tamper: (request: FrontRequest) => Tampering, mapped = '') {
    const front = await startFront(probed.cloud.collector, tamper);
    const run = { id: '0', collector: `${front.url}${mapped}`, key: 'client-domain', time: 0 };
    const { verdict, found: text } = await askDomain(run, []);
    await front.close();
    return [verdict, text];
  }

  it('is judged by whether it passes paths on unchanged', async () => {
    const unchanged = ['expected', 'paths unchanged, 0 answers as expected'];
    expect(await overDomain(() => ({}))).toEqual(unchanged);
    const mapped = ({ target }: FrontRequest) => ({ target: target.replace(/^\/sluice/, '') });
    expect(await overDomain(mapped, '/sluice')).toEqual(unchanged);
    const kept = await overDomain(() => ({}), '/sluice');
    expect(kept).toEqual(['otherwise', expect.stringMatching(/^\/v1\/initialize: 202, 0 answers/)]);
  });
});

describe('requests above a limit', () => {
  const { region, endpoint } = defineConfig({
    bucket: 'acme-experiments',
    endpoint: { requestsPerSecond: 50, burst: 50 },
  });

  /** Sends a burst to something that lets every other request through; answers by the end of their codes. */
  async function burst(
    requests: number,
    refusal: Tampering,
    {
      cors = true,
      isFunctionUrl = false,
    }: { readonly cors?: boolean; readonly isFunctionUrl?: boolean } = {},
  ) {
    let n = 0;
    const front = await startFront(
      probed.cloud.collector,
      () => {
        n += 1;
        return n % 2 === 0 ? { forward: null, ...refusal } : {};
      },
      { cors },
    );
    const run = { id: '0', collector: front.url, key: 'client-burst', time: 0 };
    const answers = await askBurst(run, requests, { config: { region, endpoint }, isFunctionUrl });
    await front.close();
    return new Map(answers.map((one) => [one.code.slice(13), one]));
  }

  it('distinguish a throttled function from a throttled stage', async () => {
    // So few that the stage lets them all through: it is not the stage that says 429.
    const few = await burst(20, { status: 429 });
    expect([few.get('STAGE_LIMIT')?.verdict, few.get('LAMBDA_THROTTLED')?.verdict]).toEqual([
      'unanswered',
      'otherwise',
    ]);
    const many = await burst(80, { status: 429 });
    expect([many.get('STAGE_LIMIT')?.verdict, many.get('LAMBDA_THROTTLED')?.verdict]).toEqual([
      'expected',
      'unanswered',
    ]);
  });

  it('are answered exactly 429 by a Function URL, whatever the limits of a gateway beside it are', async () => {
    const throttled = async (status: number) =>
      (await burst(80, { status }, { isFunctionUrl: true })).get('LAMBDA_THROTTLED')?.verdict;
    expect([await throttled(429), await throttled(503), await throttled(502)]).toEqual([
      'expected',
      'otherwise',
      'otherwise',
    ]);
    const ofStage = (await burst(80, { status: 429 }, { isFunctionUrl: true })).get('STAGE_LIMIT');
    expect(ofStage?.verdict).toBe('unanswered');
    expect((await burst(20, { status: 503 })).get('LAMBDA_THROTTLED')?.verdict).toBe('expected');
  });

  it.each([
    ['http-api', 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com', false],
    ['both', 'https://q0w9e8.lambda-url.eu-west-1.on.aws', true],
    ['both', 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com', false],
    ['both', 'https://data.acme.com', false],
    ['function-url', 'https://data.acme.com', true],
  ] as const)('are judged with %s by the host of the collector: %s', async (kind, url, isFunctionUrl) => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const context = await openProbe(
      {
        ...{ stack: { service: 'sluice', stage: 'prod' }, isLocal: false },
        aws: { region: 'eu-west-1', credentials },
        config: defineConfig({ bucket: 'acme-experiments', endpoint: { kind } }),
      },
      url,
    );
    context.close();
    expect(context.isFunctionUrl).toBe(isFunctionUrl);
  });

  it('need CORS headers, and no 429 of the collector', async () => {
    const unreadable = await burst(80, { status: 429 }, { cors: false });
    expect(unreadable.get('STAGE_LIMIT')).toMatchObject({
      verdict: 'otherwise',
      found: '40 × 429, gateway (Tampered), no CORS headers, of 80 requests, 40 × 202, 40 × 429',
    });
    const json = { success: false, code: 'SLUICE_KEY_OVER_LIMIT' };
    expect((await burst(80, { status: 429, json })).get('KEY_LIMIT')?.verdict).toBe('otherwise');
    expect((await burst(80, { status: 503, json })).get('KEY_LIMIT')?.verdict).toBe('expected');
  });
});

describe('the slowest request', () => {
  async function verdicts(tampering: Tampering) {
    const front = await startFront(probed.cloud.collector, () => ({ forward: null, ...tampering }));
    const run = { id: '0', collector: front.url, key: 'client-slow', time: 0 };
    const answers = await askSlow(run);
    await front.close();
    return answers.map(({ verdict }) => verdict);
  }

  it('is judged when it is answered late, not at all, or with a loss', async () => {
    const ours = { success: false, code: 'SLUICE_COLLECT_OUT_OF_TIME' };
    expect(await verdicts({ status: 503, json: ours })).toEqual(['expected', 'unanswered']);
    expect(await verdicts({ status: 503 })).toEqual(['otherwise', 'expected']);
    expect(await verdicts({ status: 400 })).toEqual(['otherwise', 'otherwise']);
  });
});

/** The same event in a small body. */
function shrunk(body: Buffer): Buffer {
  const { events }: { events: unknown } = JSON.parse(body.toString());
  return Buffer.from(JSON.stringify({ events }));
}

describe('sluice probe, when it cannot start', () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => probed.run(args, env);

  it.each([
    [['--burst', '0'], 'SLUICE_USAGE_OPTIONS'],
    [['--burst', '20001'], 'SLUICE_USAGE_OPTIONS'],
    [['--wait', 'long'], 'SLUICE_USAGE_OPTIONS'],
    [['--url', 'collector'], 'SLUICE_USAGE_OPTIONS'],
    [['now'], 'SLUICE_USAGE_ARGUMENTS'],
  ])('refuses %j', async (args, code) => {
    const { code: exit, stderr } = await run(args);
    expect([exit, codeIn(stderr)]).toEqual([2, code]);
  });

  it('reports a missing or refused key', async () => {
    const nobody = await run(['--endpoint-url', 'https://aws.invalid'], {});
    expect([nobody.code, codeIn(nobody.stderr)]).toEqual([2, 'SLUICE_USAGE_OPTIONS']);
    const deployed = await callMain(['probe', '--stage', 'dev', '--region', 'eu-west-1']);
    expect([deployed.code, codeIn(deployed.stderr)]).toEqual([1, 'SLUICE_PROBE_NO_KEY']);
    const refused = await run(['--key', 'nonsense']);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^SLUICE_PROBE_KEY_REFUSED: .* The collector answered SLUICE_KEY_MISSING\./m),
    ]);
  });

  it('reports a missing or unreachable collector', async () => {
    const nowhere = await run(['--endpoint-url', 'http://127.0.0.1:1']);
    expect([nowhere.code, codeIn(nowhere.stderr)]).toEqual([1, 'SLUICE_PROBE_NO_COLLECTOR']);
    const closed = await run(['--url', 'http://127.0.0.1:1']);
    expect([closed.code, codeIn(closed.stderr)]).toEqual([1, 'SLUICE_PROBE_UNREACHABLE']);
  });

  it('refuses to run when the configuration ignores its events, or stores telemetry', async () => {
    const denied = probed.configure({ events: { deny: ['sluice-*'] } }, 'denied.config.ts');
    expect((await run([], { SLUICE_CONFIG: denied })).stderr).toMatch(/^SLUICE_PROBE_FILTERED: /m);
    const telemetry = probed.configure({ landTelemetry: true }, 'telemetry.config.ts');
    expect((await run(['--slow'], { SLUICE_CONFIG: telemetry })).stderr).toMatch(
      /^SLUICE_PROBE_WOULD_LAND: /m,
    );
  });
});

describe("the probe's questions about S3 and Lambda", () => {
  it('find unconditional writes, and a function that Lambda would stop', async () => {
    const front = await startFront(probed.cloud.edge, ({ target }) => ({
      forward: null,
      status: 200,
      json: target.includes('ingest-plan') ? { RecursiveLoop: 'Terminate' } : { RecursiveLoop: 'Allow' },
    }));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const options = { endpoint: front.url, region: 'us-east-1', credentials, maxAttempts: 1 };
    const target = { bucket: 'acme-warehouse', owner: '444455556666' };
    const config = defineConfig({
      bucket: 'acme-probed',
      sources: [
        {
          name: 'acme',
          bucket: 'acme-drops',
          owner: '444455556666',
          datasets: [{ name: 'clicks', kind: 'events' }],
        },
      ],
      exports: [{ name: 'events', table: 'statsig_forwarded_events', target }],
    });
    const context = await openProbe(
      {
        stack: { service: 'sluice', stage: 'prod' },
        aws: options,
        isLocal: false,
        config,
      },
      probed.cloud.collector,
    );
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    const lambda = new LambdaClient(options);
    const run = { id: '0011aabb', collector: probed.cloud.collector, key: 'client-x', time: Date.now() };
    const answers = await askServices(
      { ...context, clients: { ...context.clients, s3, s3Once: s3, lambda } },
      run,
    );
    for (const one of [context.close, () => s3.destroy(), () => lambda.destroy()]) one();
    await front.close();
    expect(answers).toEqual([
      {
        code: 'SLUICE_PROBE_CONDITIONAL_WRITES',
        verdict: 'otherwise',
        found: 'created 200, again 200, replaced 200, again 200, no encryption named',
      },
      {
        code: 'SLUICE_PROBE_RECURSIVE_LOOP',
        verdict: 'otherwise',
        found: 'ingest-plan: Terminate, export: Allow',
      },
    ]);
  });
});
