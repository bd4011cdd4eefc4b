import { DeleteTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findCollector } from '../../../cli/probe/findCollector.ts';
import { questions } from '../../../cli/probe/questions.ts';
import { QUERY_RESULTS_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { startProbed } from './startProbed.ts';

const FOLDER = 'statsig/statsig_forwarded_events/';
const RESULTS = QUERY_RESULTS_FOLDER;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let probed: Awaited<ReturnType<typeof startProbed>>;
beforeAll(async () => {
  probed = await startProbed({ bucket: 'acme-probed' });
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
    const { code, report, answers } = await probed.probe([]);
    expect(report.answers.map((one) => one.code)).toEqual(Object.keys(questions));
    expect(report.answers.filter(({ verdict }) => verdict === 'otherwise')).toEqual([]);
    expect([code, report.answers.filter(({ verdict }) => verdict === 'unanswered')]).toEqual([0, []]);
    expect(answers.get('ZSTD_JSON')?.found).toBe('202, 1 row');
    expect(answers.get('PACKED_RECORDS')?.found).toBe('202, 600 rows');
    expect(answers.get('CONDITIONAL_WRITES')?.found).toBe('created 200, again 412, replaced 200, again 412');
    expect(answers.get('LANDING_EXTENSION')?.found).toMatch(/\.ndjson\.gz$/);
    expect(answers.get('METRICS')?.found).toMatch(/^values of received (\d+) of at least \d+$/);
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 608, remainingRows: 0 },
      problems: [],
    });
    const folders = [FOLDER, RESULTS];
    expect(await Promise.all(folders.map(probed.keys))).toEqual([[], []]);
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
    expect(first.stdout).toMatch(
      /\nDeleted: rows 0, in files 0; query results 0\.\nRemaining rows, in files with other rows: 608 in 1; views exclude them by their environment sluice-probe\.\nNot deleted: AccessDenied.*\n$/,
    );
    const files = await probed.keys(FOLDER);
    expect(files.length).toBe(1);

    // The next run has a file of its own, which is deleted; the shared one is reported.
    const { report } = await probed.probe([]);
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 608, remainingFiles: 1 },
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

  it("finds a deployed collector in the stack's outputs", async () => {
    const deployed = (stage: string) => ({
      stack: { service: 'sluice', stage },
      aws: { region: 'us-east-1', endpoint: probed.cloud.edge, credentials },
      localControl: undefined,
    });
    expect(await findCollector(deployed('local'))).toMatch(/^https:\/\/.*\.execute-api\.us-east-1\./);
    await expect(findCollector(deployed('nowhere'))).rejects.toThrow(/sluice-nowhere does not exist/);
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
