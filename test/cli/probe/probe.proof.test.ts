import { DeleteTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, describe, expect, it } from '@jest/globals';
import { findCollector } from '../../../cli/probe/findCollector.ts';
import { questions } from '../../../cli/probe/questions.ts';
import { QUERY_RESULTS_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { storyCloud } from '../../harness/storyCloud.ts';

const FOLDER = 'statsig/statsig_forwarded_events/';
const RESULTS = QUERY_RESULTS_FOLDER;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

interface ProbeJson {
  readonly answers: readonly { readonly code: string; readonly verdict: string; readonly found: string }[];
  readonly cleanUp: object | null;
}

const story = await storyCloud({ bucket: 'acme-probed' });
afterAll(() => story.close());

/** Runs it with --json: the exit code, and the answers by the end of their codes. */
async function probe(...args: string[]) {
  const { code, stdout, stderr } = await story.sluice('probe', '--json', ...args);
  expect(stderr).toMatch(/^The local cloud on \S+\.\n$/);
  const report: ProbeJson = JSON.parse(stdout);
  const answers = new Map(
    report.answers.map((one) => [one.code.slice('SLUICE_PROBE_'.length), one] as const),
  );
  return { code, report, answers };
}

describe('sluice probe', () => {
  it('has an answer to every question, and leaves nothing behind', async () => {
    const { code, report, answers } = await probe();
    expect(report.answers.map((one) => one.code)).toEqual(Object.keys(questions));
    expect(report.answers.filter(({ verdict }) => verdict === 'otherwise')).toEqual([]);
    expect([code, report.answers.filter(({ verdict }) => verdict === 'unanswered')]).toEqual([0, []]);
    expect(answers.get('ZSTD_JSON')?.found).toBe('202, 1 row');
    expect(answers.get('LANDING_EXTENSION')?.found).toMatch(/\.ndjson\.gz$/);
    expect(answers.get('METRICS')?.found).toMatch(/^values of received: (\d+) of at least \d+$/);
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 7, remainingRows: 0 },
      problems: [],
    });
    const folders = [FOLDER, RESULTS];
    expect(await Promise.all(folders.map((folder) => story.keys(folder)))).toEqual([[], []]);
  });

  it('reports rows that remain in files with other rows, and views exclude them', async () => {
    const user = { userID: 'ada' };
    const purchase = { eventName: 'purchase', user, time: Date.now() };
    expect(await story.post({ events: [purchase] })).toBe(202);
    await story.setFaults({
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
    const first = await story.sluice('probe');
    await story.clearFaults();
    expect([first.code, first.stderr]).toEqual([0, expect.stringMatching(/^The local cloud on \S+\.\n$/)]);
    expect(first.stdout).toMatch(/\nas expected {2}SLUICE_PROBE_ZSTD_JSON {2,}202, 1 row\n/);
    expect(first.stdout).toMatch(
      /\nDeleted: rows 0, in files 0; query results 0\.\nRemaining rows, in files with other rows: 7 in 1; views exclude them by their environment sluice-probe\.\nNot deleted: AccessDenied.*\n$/,
    );
    const files = await story.keys(FOLDER);
    expect(files.length).toBe(1);

    // The next run has a file of its own, which is deleted; the shared one is reported.
    const { report } = await probe();
    expect(report.cleanUp).toMatchObject({
      ...{ deletedRows: 7, remainingFiles: 1 },
      problems: [],
    });
    expect(await story.keys(FOLDER)).toEqual(files);
  });

  it("reports the gateway's responses even if rows cannot be read", async () => {
    await story.setFaults({
      athena: [{ fault: 'failCalls', code: 'AccessDeniedException', calls: 'all' }],
    });
    const { code, answers, report } = await probe();
    await story.clearFaults();
    expect([code, answers.get('DELIVERED')?.verdict, report.cleanUp]).toEqual([3, 'otherwise', null]);
    expect(answers.get('DELIVERED')?.found).toMatch(/^rows could not be read: AccessDeniedException/);
    expect(['OVER_LAMBDA_LIMIT', 'PREFLIGHT', 'ZSTD_JSON'].map((code) => answers.get(code)?.verdict)).toEqual(
      ['expected', 'expected', 'unanswered'],
    );
  });

  it("finds a deployed collector in the stack's outputs", async () => {
    const deployed = (stage: string) => ({
      stack: { service: 'sluice', stage },
      aws: { region: 'us-east-1', endpoint: story.cloud.edge, credentials },
      localControl: undefined,
    });
    expect(await findCollector(deployed('local'))).toMatch(/^https:\/\/.*\.execute-api\.us-east-1\./);
    await expect(findCollector(deployed('nowhere'))).rejects.toThrow(/sluice-nowhere does not exist/);
  });

  it('names a view that Athena rejects', async () => {
    const glue = new GlueClient({
      endpoint: story.cloud.edge,
      region: 'us-east-1',
      credentials,
    });
    await glue.send(new DeleteTableCommand({ DatabaseName: 'sluice', Name: 'product_events' }));
    const { code, answers, report } = await probe();
    expect([code, answers.get('VIEWS')?.verdict, report.cleanUp]).toEqual([
      ...[3, 'otherwise', expect.objectContaining({ problems: [] })],
    ]);
    expect(answers.get('VIEWS')?.found).toMatch(/^product_events: TABLE_NOT_FOUND/);
  });
});
