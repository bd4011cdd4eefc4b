import { DeleteTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { acrossDoors } from '../../../cli/probe/Answer.ts';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { bodyQuestions, gatewayQuestions, questions } from '../../../cli/probe/questions.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { QUERY_RESULTS_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { startProbed } from './startProbed.ts';

const FOLDER = 'statsig/statsig_forwarded_events/';
const RESULTS = QUERY_RESULTS_FOLDER;
const BURST = '/v1/sluice-probe-burst';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let probed: Awaited<ReturnType<typeof startProbed>>;
beforeAll(async () => {
  probed = await startProbed({
    bucket: 'acme-probed',
    // Low enough for a burst to come beyond them.
    endpoint: { requestsPerSecond: 50, burst: 50 },
    keyLimit: { requestsPerSecond: 20, burst: 60 },
  });
});
afterAll(() => probed.close());

function post(eventName: string) {
  return fetch(`${probed.cloud.collector}/v1/rgstr?k=client-other`, {
    method: 'POST',
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'ada' }, time: Date.now() }] }),
  });
}

describe('sluice probe', () => {
  it('has an answer to every question, and leaves nothing behind', async () => {
    await probed.control('POST', 'faults', {
      gateway: [
        { fault: 'failCalls', path: BURST, status: 429, calls: 5 },
        { fault: 'failCalls', path: BURST, status: 503, calls: 5 },
      ],
    });
    const { code, report, answers } = await probed.probe(['--burst', '900', '--slow']);
    await probed.control('DELETE', 'faults');
    expect(report.answers.map((one) => one.code)).toEqual(questions.map((one) => one.code));
    expect(report.answers.filter(({ verdict }) => verdict === 'otherwise')).toEqual([]);
    const open = report.answers.filter(({ verdict }) => verdict === 'unanswered');
    expect([code, open.map((one) => [one.code, one.found])]).toEqual([
      0,
      [
        ['SLUICE_PROBE_GATEWAY_TIMEOUT', 'not reached: the collector answered in time'],
        ...questions
          .filter(({ asked }) => asked === 'by hand')
          .map(({ code: one }) => [one, 'the probe does not ask this: docs/aws.md']),
        ['SLUICE_PROBE_RECURSIVE_LOOP', 'neither sources nor exports are configured'],
        ['SLUICE_PROBE_LOAD_ENGINE', 'no sources are configured: "A source of your own" in docs/aws.md'],
        ['SLUICE_PROBE_CUSTOM_DOMAIN', 'not asked: --url'],
      ],
    ]);
    expect(answers.get('ZSTD_JSON')?.found).toBe('202, 1 row');
    expect(answers.get('GZIP_UNMARKED')?.found).toBe('503, SLUICE_COLLECT_BODY_MANGLED');
    expect(answers.get('PACKED_RECORDS')?.found).toBe('600 rows');
    expect(answers.get('TIMESTAMP_TYPE')?.found).toBe('INT64 TIMESTAMP_MICROS');
    expect(answers.get('STAGE_LIMIT')?.found).toMatch(/^5 × 429, gateway .*CORS headers, of 900 requests/);
    expect(answers.get('KEY_LIMIT')?.found).toMatch(/× 503, SLUICE_KEY_OVER_LIMIT, CORS headers/);
    expect(answers.get('LAMBDA_THROTTLED')?.found).toMatch(/^5 × 503, gateway/);
    expect(answers.get('CONDITIONAL_WRITES')?.found).toBe(
      'created 200, again 412, replaced 200, again 412, aws:kms',
    );
    expect(answers.get('METRICS')?.found).toMatch(/^values of received (\d+) of at least \d+$/);
    expect(answers.get('LANDING')?.found).toBe('1 row of events, 1 row of quarantine');
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 614, remainingRows: 0, deletedObjects: 0 },
      problems: [],
    });
    const folders = [FOLDER, RESULTS, 'quarantine/', 'landing/'];
    expect(await Promise.all(folders.map(probed.keys))).toEqual([[], [], [], []]);
  });

  it('deletes what the writer has not processed, and repeats a write whose response was lost', async () => {
    await probed.control('POST', 'faults', {
      s3: [
        { fault: 'failCalls', operations: ['GetObject'], key: 'acme-probed/landing/lists/*', calls: 'all' },
        {
          fault: 'loseResponse',
          operations: ['PutObject'],
          key: `acme-probed/${RESULTS}sluice-probe-*`,
          calls: 1,
        },
      ],
    });
    const { code, answers, report } = await probed.probe(['--wait', '1']);
    await probed.control('DELETE', 'faults');
    expect([code, answers.get('LANDING')]).toEqual([
      3,
      expect.objectContaining({
        verdict: 'otherwise',
        found: '0 rows of events, 0 rows of quarantine; the object is still there',
      }),
    ]);
    expect(answers.get('CONDITIONAL_WRITES')?.found).toBe(
      'created 200, again 412, replaced 200, again 412, aws:kms',
    );
    expect(report.cleanUp).toMatchObject({ deletedObjects: 1, deletedRows: 612, problems: [] });
    // The list that named it is written when the bucket is read again.
    const left = (await probed.keys('landing/')).filter((key) => key?.includes('/lists/') !== true);
    expect([left, await probed.keys(RESULTS)]).toEqual([[], []]);
  });

  it('reports rows that remain in files with other rows, and views exclude them', async () => {
    expect((await post('purchase')).status).toBe(202);
    await probed.control('POST', 'faults', {
      s3: [
        {
          fault: 'failCalls',
          operations: ['DeleteObject'],
          key: `acme-probed/${RESULTS}*`,
          code: 'AccessDenied',
          calls: 'all',
        },
      ],
    });
    const first = await probed.run([]);
    await probed.control('DELETE', 'faults');
    expect([first.code, first.stderr]).toEqual([0, expect.stringMatching(/^The local cloud on \S+\.\n$/)]);
    expect(first.stdout).toMatch(/\nas expected {2}SLUICE_PROBE_ZSTD_JSON {2,}202, 1 row\n/);
    expect(first.stdout).toMatch(/\n- +SLUICE_PROBE_STAGE_LIMIT +not asked: --burst\n/);
    expect(first.stdout).toMatch(
      // Planted rows arrive some seconds later: in the shared file or in a file of their own.
      /\nDeleted: rows (?:1, in files 1|2, in files 2); query results 0\.\nRemaining rows, in files with other rows: 61[23] in 1; views exclude them by their environment sluice-probe\.\nNot deleted: AccessDenied.*\n$/,
    );
    const files = await probed.keys(FOLDER);
    expect(files.length).toBe(1);

    // The next run has a file of its own, which is deleted; the shared one is reported.
    const { report } = await probed.probe([]);
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 614, remainingFiles: 1 },
      problems: [],
    });
    expect(await probed.keys(FOLDER)).toEqual(files);
  });

  it("reports the gateway's responses even if rows cannot be read", async () => {
    await probed.control('POST', 'faults', {
      athena: [{ fault: 'failCalls', code: 'AccessDeniedException', calls: 'all' }],
    });
    const { code, answers, verdict, report } = await probed.probe([]);
    await probed.control('DELETE', 'faults');
    expect([code, answers.get('DELIVERED')?.verdict, report.cleanUp]).toEqual([3, 'otherwise', null]);
    expect(answers.get('DELIVERED')?.found).toMatch(/^rows could not be read: AccessDeniedException/);
    expect([verdict('OVER_LAMBDA_LIMIT'), verdict('PREFLIGHT'), verdict('ZSTD_JSON')]).toEqual([
      'expected',
      'expected',
      'unanswered',
    ]);
  });

  it("finds a deployed collector in the stack's outputs, and does not flush it", async () => {
    const { edge, collector } = probed.cloud;
    const config = defineConfig({ bucket: 'acme-probed' });
    const deployed = (stage: string) => ({
      stack: { service: 'sluice', stage },
      aws: { region: 'us-east-1', endpoint: edge, credentials },
      isLocal: false,
      config,
    });
    const context = await openProbe(deployed('local'), undefined);
    expect([context.collector, context.flush]).toEqual([
      expect.stringMatching(/^https:\/\/.*\.execute-api\.us-east-1\./),
      undefined,
    ]);
    context.close();
    const named = await openProbe(deployed('nowhere'), collector);
    expect(named.collector).toBe(collector);
    named.close();
    await expect(openProbe(deployed('nowhere'), undefined)).rejects.toThrow(/sluice-nowhere does not exist/);
  });

  it('names a view that Athena rejects, and deletes nothing with --keep', async () => {
    const files = await probed.keys(FOLDER);
    const glue = new GlueClient({
      endpoint: probed.cloud.edge,
      region: 'us-east-1',
      credentials,
    });
    await glue.send(new DeleteTableCommand({ DatabaseName: 'sluice', Name: 'product_events' }));
    const before = (await probed.keys(RESULTS)).length;
    const { code, answers, report } = await probed.probe(['--keep']);
    expect([code, answers.get('VIEWS')?.verdict, report.cleanUp]).toEqual([3, 'otherwise', null]);
    expect(answers.get('VIEWS')?.found).toMatch(/^product_events: TABLE_NOT_FOUND/);
    expect((await probed.keys(FOLDER)).length).toBeGreaterThan(files.length);
    expect((await probed.keys(RESULTS)).length).toBeGreaterThan(before);
  });
});

describe('sluice probe of a deployment with both endpoints', () => {
  let both: Awaited<ReturnType<typeof startProbed>>;
  beforeAll(async () => {
    both = await startProbed({
      ...{ bucket: 'acme-both', endpoint: { kind: 'both' } },
      keyLimit: { requestsPerSecond: 20, burst: 60 },
    });
  });
  afterAll(() => both.close());

  it('asks each question of the HTTP endpoint at both, and says what each answered', async () => {
    const { code, report, answers } = await both.probe(['--slow', '--burst', '100']);
    expect(report.answers.map((one) => one.code)).toEqual(questions.map((one) => one.code));
    expect([code, report.answers.filter(({ verdict }) => verdict === 'otherwise')]).toEqual([0, []]);
    expect(answers.get('GZIP_JSON')?.found).toBe('Function URL: 202, 1 row; gateway: 202, 1 row');
    expect(answers.get('PREFLIGHT')?.found).toBe(
      'Function URL: 200, CORS headers; gateway: 204, CORS headers',
    );
    expect(answers.get('OVER_LAMBDA_LIMIT')?.found).toMatch(/^Function URL: 413, .*; gateway: 413, /);
    const ofBoth = report.answers.filter(({ found }) => /^Function URL: .*; gateway: /.test(found));
    const ofHttp = Object.keys({ ...bodyQuestions, ...gatewayQuestions });
    expect(ofBoth.map((one) => one.code)).toEqual([...ofHttp, 'SLUICE_PROBE_PACKED_RECORDS']);
    expect(report).toMatchObject({
      collector: expect.not.stringContaining(both.cloud.collector),
      gateway: both.cloud.collector,
      cleanUp: { remainingRows: 0 },
    });
  });

  it('finds both in the outputs of a stack', async () => {
    const context = await openProbe(
      {
        ...{ stack: { service: 'sluice', stage: 'local' }, isLocal: false },
        aws: { region: 'us-east-1', endpoint: both.cloud.edge, credentials },
        config: defineConfig({ bucket: 'acme-both', endpoint: { kind: 'both' } }),
      },
      undefined,
    );
    context.close();
    expect(context).toMatchObject({
      collector: expect.stringContaining('.lambda-url.'),
      gateway: expect.stringContaining('.execute-api.'),
      isFunctionUrl: true,
    });
  });

  it('asks one address if it is named', async () => {
    const { answers, report } = await both.probe(['--url', both.cloud.collector]);
    expect(answers.get('GZIP_JSON')?.found).toBe('202, 1 row');
    expect(report).not.toHaveProperty('gateway');
  });
});

describe('answers of both addresses', () => {
  const of = (name: 'Function URL' | 'gateway', verdict: 'expected' | 'otherwise' | 'unanswered') => ({
    door: { name },
    answers: [{ code: 'SLUICE_PROBE_PREFLIGHT' as const, verdict, found: verdict }],
  });

  it('are otherwise if one of them is', () => {
    for (const [one, other, both] of [
      ['expected', 'otherwise', 'otherwise'],
      ['otherwise', 'unanswered', 'otherwise'],
      ['unanswered', 'expected', 'expected'],
      ['unanswered', 'unanswered', 'unanswered'],
    ] as const) {
      const [joined] = acrossDoors([of('Function URL', one), of('gateway', other)]);
      expect(joined).toMatchObject({ verdict: both, found: `Function URL: ${one}; gateway: ${other}` });
    }
  });
});
