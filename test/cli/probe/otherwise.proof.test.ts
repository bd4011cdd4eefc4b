import { gunzipSync, gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askConditionalWrites } from '../../../cli/probe/askConditionalWrites.ts';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { callMain } from '../../harness/callMain.ts';
import { type FrontRequest, startFront, type Tampering } from './startFront.ts';
import { startProbed } from './startProbed.ts';

let probed: Awaited<ReturnType<typeof startProbed>>;
beforeAll(async () => {
  probed = await startProbed({ bucket: 'acme-probed' });
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
      if (encodingOf(request) === 'gzip' && body.length < MIB) {
        const { events }: { events: [{ time: number }] } = JSON.parse(gunzipSync(body).toString());
        const [event] = events;
        return { forward: gzipSync(JSON.stringify({ events: [{ ...event, time: event.time - DAY_MS }] })) };
      }
      if (target.includes('se=1'))
        return { forward: Buffer.from(body.toString().replace('"text":"Gr', '"text":"gR')) };
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
      TEXT_UNDER_LIMIT: '413, gateway (Tampered)',
      OVER_LAMBDA_LIMIT: '502, gateway (Tampered), CORS headers',
      OVER_GATEWAY_LIMIT: '413, gateway (Tampered), CORS headers, but 1 row',
      DELIVERY_TIME: 'not all rows arrived in time',
      PACKED_RECORDS: '599 rows; of 600 the first missing is number 417',
      DAY: expect.stringMatching(/^\d{4}-\d\d-\d\d instead of /),
      TIMESTAMP_VALUE: expect.stringMatching(/^[\d-]{10} [\d:.]{12} instead of /),
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
      },
    ]);
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

  it('refuses to run when the configuration ignores its events', async () => {
    const denied = probed.configure({ events: { deny: ['sluice-*'] } }, 'denied.config.ts');
    expect((await run([], { SLUICE_CONFIG: denied })).stderr).toMatch(/^SLUICE_PROBE_FILTERED: /m);
  });
});

describe("the probe's question about S3", () => {
  it('finds unconditional writes', async () => {
    const front = await startFront(probed.cloud.edge, () => ({ forward: null, status: 200, json: {} }));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const options = { endpoint: front.url, region: 'us-east-1', credentials, maxAttempts: 1 };
    const context = await openProbe(
      {
        ...{ stack: { service: 'sluice', stage: 'prod' }, aws: options, isLocal: false },
        config: defineConfig({ bucket: 'acme-probed' }),
      },
      probed.cloud.collector,
    );
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    const run = { id: '0011aabb', collector: probed.cloud.collector, key: 'client-x', time: Date.now() };
    const found = await askConditionalWrites(
      { ...context, clients: { ...context.clients, s3, s3Once: s3 } },
      run,
    );
    for (const one of [context.close, () => s3.destroy()]) one();
    await front.close();
    expect(found).toEqual({
      code: 'SLUICE_PROBE_CONDITIONAL_WRITES',
      verdict: 'otherwise',
      found: 'created 200, again 200, replaced 200, again 200, no encryption named',
    });
  });
});
