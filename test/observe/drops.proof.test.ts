import { afterAll, describe, expect, it } from '@jest/globals';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import { readCalendar } from '../../observe/facts/days/ledgerDays.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import { requestExport } from '../../operate/ingest/requests.ts';
import { callMain } from '../harness/callMain.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { CUSTOMER, ingestCloud } from '../harness/ingestCloud.ts';

const GOOD = '2026-11-18';
const BROKEN = '2026-11-19';
const TODAY = '2026-11-20';
const MINUTES = 60_000;

const rows = (day: UtcDay, names: readonly (string | null)[], column = 'event_name') =>
  names
    .map((name, i) => {
      const value = name === null ? 'NULL' : `'${name}'`;
      return `SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, ${value} AS ${column}, 'u${i}' AS unit_id`;
    })
    .join(' UNION ALL ');
const ingest = (...args: string[]) => callMain(['ingest', ...args, '--local'], { env: drops.env });
const ofDay = (day: UtcDay) => ['--source', 'acme', '--dataset', 'events', '--day', day];
const explained = async (day: UtcDay): Promise<ExplainedDay> =>
  JSON.parse((await ingest('explain', ...ofDay(day), '--json')).stdout);

const drops = await ingestCloud({
  bucket: 'acme-drops-observed',
  sources: [
    acmeSource({
      owner: CUSTOMER,
      datasets: [eventsDataset({ lookbackDays: 5, refusedShare: 0.9, expectedBy: { hour: 6 } })],
    }),
  ],
  exports: [exportTo({ bucket: 'acme-exports', owner: CUSTOMER }, { table: 'acme_events' })],
});
await drops.letIn(CUSTOMER, 'acme-exports', 'export-target');
await drops.jumpTo(`${TODAY}T07:00:00Z`);
await drops.drop(`events/${GOOD}/a.parquet`, rows(GOOD, ['buy', null, null, null]));
await drops.drop(`events/${GOOD}/b.parquet`, rows(GOOD, ['buy', null]));
await drops.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy'], 'name_of_event'));
await drops.jumpTo(`${TODAY}T09:05:00Z`);
await drops.cloud.flush();
await drops.jumpTo(`${TODAY}T12:30:00Z`);
await drops.cloud.flush();
afterAll(() => drops.close());

describe('questions about drops', () => {
  it('have all datasets and exports in one calendar', async () => {
    const calendar = await readCalendar(drops.deployment(), { days: 4 });
    expect(calendar.days).toEqual(['2026-11-17', GOOD, BROKEN, TODAY]);
    expect(calendar.datasets).toMatchObject([
      {
        source: 'acme',
        dataset: 'events',
        kind: 'events',
        table: 'acme_events',
        days: [
          { day: '2026-11-17', state: null, lateSince: Date.parse('2026-11-18T06:00:00Z'), version: null },
          {
            day: GOOD,
            state: 'succeeded',
            lateSince: null,
            rows: { in: 6, out: 2, refused: 4 },
            files: 2,
            version: expect.any(String),
            failure: null,
          },
          { day: BROKEN, state: 'failed', version: null, failure: 'SLUICE_INGEST_COLUMN_MISSING', files: 1 },
          { day: TODAY, state: null, lateSince: null },
        ],
      },
    ]);
    expect(calendar.exports).toMatchObject([
      {
        export: 'out',
        target: 's3://acme-exports/out/',
        days: expect.arrayContaining([expect.objectContaining({ day: GOOD, state: 'succeeded' })]),
      },
    ]);
    const earlier = await readCalendar(drops.deployment(), { days: 2, until: GOOD });
    expect(earlier.days).toEqual(['2026-11-17', GOOD]);
    expect(earlier.datasets[0]?.days).toHaveLength(2);
  });

  it('explain a day with refused rows, and list them by file and row', async () => {
    const { explanation } = await explained(GOOD);
    expect(explanation).toMatchObject({
      meaning: [
        expect.stringMatching(/^The day was loaded at 2026-11-20T.*, from 2 files\.$/),
        '4 of 6 rows were refused and are in quarantine.',
      ],
      served: expect.stringMatching(/^Queries read version \S+ of 2026-11-18 in acme_events\.$/),
      failure: null,
      refused: [
        { code: 'SLUICE_INGEST_ROW_NAME_MISSING', rows: 4, cure: expect.stringContaining('mapping') },
      ],
    });
    const { code, stdout } = await ingest('refused', ...ofDay(GOOD), '--json');
    expect(code).toBe(3);
    const { rows, hasMore }: QuarantinedPage = JSON.parse(stdout);
    expect(hasMore).toBe(false);
    const details = rows.map(({ path, detail }) => `${path?.split('/').at(-1)} ${detail?.split(',')[0]}`);
    expect(details).toEqual(['a.parquet row 1', 'a.parquet row 2', 'a.parquet row 3', 'b.parquet row 1']);
  });

  it('explain a failed day with cause, cure and the next step, and its correction', async () => {
    const { state, files, explanation } = await explained(BROKEN);
    expect([state, files.map(({ fate }) => fate)]).toEqual(['failed', ['failed']]);
    expect(explanation).toMatchObject({
      served: `Queries read no rows of ${BROKEN} in acme_events.`,
      failure: {
        code: 'SLUICE_INGEST_COLUMN_MISSING',
        cause: expect.stringContaining('column'),
        cure: expect.any(String),
        message: expect.stringContaining('"event_name"'),
      },
      refused: [],
    });
    expect(explanation.next).toEqual([
      explanation.failure?.cure,
      expect.stringMatching(/Corrected files are loaded by the next run.*after 2026-11-2\d/),
    ]);
    expect((await ingest('refused', ...ofDay(BROKEN))).stdout).toBe('No row of the last load was refused.\n');
    const text = await ingest('explain', ...ofDay(BROKEN));
    expect(text.stdout).toContain(`Next: ${explanation.next[0]}`);

    await drops.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy']));
    await drops.jump(15 * MINUTES);
    const dry = await ingest('run', '--source', 'acme', '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toEqual({
      dryRun: true,
      asked: [{ source: 'acme', dataset: 'events', from: addDays(TODAY, -5), to: TODAY, days: 6 }],
    });
    await drops.cloud.flush();
    expect((await explained(BROKEN)).state).toBe('failed');
    expect((await ingest('run')).code).toBe(0);
    await drops.cloud.flush();
    const corrected = await explained(BROKEN);
    expect([corrected.state, corrected.rows.out]).toEqual(['succeeded', 1]);
    expect(corrected.explanation.next).toEqual([
      'Nothing. If a file of the day changes within the lookback, the next run loads the day again.',
    ]);
  });

  it('do not export the whole lookback when only the last day is named', async () => {
    const asked = requestExport(drops.deployment(), { dryRun: true, to: GOOD });
    await expect(asked).rejects.toMatchObject({ code: 'SLUICE_DAYS_INVALID' });
  });

  it('have dry runs of a backfill and an export, which request nothing', async () => {
    const before = await explained(GOOD);
    const range = ['--source', 'acme', '--dataset', 'events', '--from', '2026-11-17', '--to', GOOD];
    const dry = await ingest('backfill', ...range, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toEqual({
      dryRun: true,
      source: 'acme',
      dataset: 'events',
      from: '2026-11-17',
      to: GOOD,
      days: 2,
    });
    expect(dry.stderr).toContain('Nothing was requested');
    const exported = ['export', 'run', '--from', GOOD, '--dry-run', '--local'];
    const text = await callMain(exported, { env: drops.env });
    expect(text.stdout).toMatch(/^name +from +to +days\n.*\nout +2026-11-18 +2026-11-18 +1\n$/);
    await drops.cloud.flush();
    expect((await explained(GOOD)).updatedAt).toBe(before.updatedAt);
    expect((await ingest('backfill', ...range)).code).toBe(0);
    await drops.cloud.flush();
    expect((await explained(GOOD)).updatedAt).toBeGreaterThan(before.updatedAt);
  });
});
