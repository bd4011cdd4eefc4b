import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatasetStatus } from '../../cli/ingest/readStatus.ts';
import { addDays, utcDay } from '../../lib/time/utcDay.ts';
import { runQuery } from '../../local/query/runQuery.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const QUARTER_MS = 15 * 60_000;
const TODAY = utcDay(Date.now());
const ago = (days: number) => addDays(TODAY, -days);
let ingest: Awaited<ReturnType<typeof ingestCloud>>;

beforeAll(async () => {
  ingest = await ingestCloud({
    sources: [
      {
        name: 'acme',
        bucket: DROPS,
        owner: CUSTOMER,
        datasets: [
          // More than is looked for: the clock passes midnight on the way, now and then.
          { name: 'events', kind: 'events', lookbackDays: 5 },
          { name: 'scores', kind: 'metrics', dayFormat: 'ds=YYYY-MM-DD', lookbackDays: 5 },
        ],
      },
    ],
  });
}, 60_000);
afterAll(() => ingest.close());

const sluice = (...args: string[]) => callMain(['ingest', ...args, '--local'], { env: ingest.env });

async function statuses(): Promise<Record<string, string>> {
  const { stdout } = await sluice('status', '--json', '--days', '5');
  const datasets: DatasetStatus[] = JSON.parse(stdout);
  return Object.fromEntries(
    datasets.flatMap(({ dataset, days }) =>
      days.flatMap(({ day, entry }) => (entry === null ? [] : [[`${dataset} ${day}`, entry.state]])),
    ),
  );
}

/** Looks again until the ledger says so: functions run beside us. */
async function reached(expected: Readonly<Record<string, string>>): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    const found = await statuses();
    if (JSON.stringify(found) === JSON.stringify(expected) || Date.now() > until) {
      expect(found).toEqual(expected);
      return;
    }
    await ingest.cloud.flush();
    await pause(50);
  }
}

const events = (day: string, count: number, name = 'made') =>
  `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT + i AS timestamp, '${name}' AS event_name, 'u' || i AS unit_id FROM range(${count}) t(i)`;

describe('customers’ drops', () => {
  it('are in the tables after a run, each fate told', async () => {
    await ingest.drop(`events/${ago(2)}/a.parquet`, events(ago(2), 3));
    await ingest.drop(`events/${ago(1)}/a.parquet`, events(ago(1), 4));
    await ingest.put(`events/${ago(1)}/_SUCCESS`, new Uint8Array());
    await ingest.put(`events/${ago(3)}/broken.parquet`, Buffer.from('PAR1 and no more'));
    await ingest.drop(
      `scores/ds=${ago(1)}/a.parquet`,
      `SELECT 'u1' AS unit_id, 'userID' AS id_type, DATE '${ago(1)}' AS date, 'score' AS metric_name, 1.5 AS metric_value`,
    );
    await ingest.advance(QUARTER_MS);
    expect(await sluice('run')).toMatchObject({ code: 0, stderr: expect.stringContaining('2 datasets') });
    await reached({
      [`events ${ago(3)}`]: 'failed',
      [`events ${ago(2)}`]: 'succeeded',
      [`events ${ago(1)}`]: 'succeeded',
      [`scores ${ago(1)}`]: 'succeeded',
    });
    expect(
      await runQuery(
        ingest.data,
        'SELECT ds::VARCHAR AS ds, count(*)::INT AS n FROM acme_events GROUP BY ds ORDER BY ds',
      ),
    ).toEqual([
      { ds: ago(2), n: 3 },
      { ds: ago(1), n: 4 },
    ]);
    expect(await runQuery(ingest.data, 'SELECT metric_value FROM acme_scores')).toEqual([
      { metric_value: 1.5 },
    ]);
  });

  it('are shown as a calendar, and a day with the fate of each file', async () => {
    const { code, stdout } = await sluice('status', '--days', '5');
    expect(code).toBe(3);
    const line = stdout.split('\n').find((text) => text.startsWith('acme/events '));
    expect(line?.trim().split(/\s+/)).toEqual(['acme/events', '·', '✗', '✓', '✓', '·']);
    expect(stdout).toMatch(new RegExp(`acme/events ${ago(3)} failed: SLUICE_`));

    const day = ['--source', 'acme', '--dataset', 'events', '--day', ago(1)];
    const explained = await sluice('explain', ...day);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain('4 in, 4 out, 0 refused');
    expect(explained.stdout).toMatch(/_SUCCESS +0 +left_out .*success_marker/);
    expect(explained.stdout).toMatch(/a\.parquet +\d+ +loaded +4 +4 +0/);
    const { stdout: json } = await sluice('explain', ...day, '--json');
    expect(JSON.parse(json)).toMatchObject({ state: 'succeeded', day: ago(1), table: 'acme_events' });
  });

  it('are corrected when they are: replaced, added late, mended and deleted', async () => {
    await ingest.drop(`events/${ago(1)}/a.parquet`, events(ago(1), 2, 'corrected'));
    await ingest.drop(`events/${ago(1)}/late.parquet`, events(ago(1), 5, 'late'));
    await ingest.drop(`events/${ago(3)}/broken.parquet`, events(ago(3), 1));
    await ingest.remove(`events/${ago(2)}/a.parquet`);
    await ingest.advance(QUARTER_MS);
    await sluice('run', '--dataset', 'events');
    await reached({
      [`events ${ago(3)}`]: 'succeeded',
      [`events ${ago(2)}`]: 'succeeded_no_data',
      [`events ${ago(1)}`]: 'succeeded',
      [`scores ${ago(1)}`]: 'succeeded',
    });
    expect(
      await runQuery(
        ingest.data,
        'SELECT event_name, count(*)::INT AS n FROM acme_events GROUP BY event_name ORDER BY event_name',
      ),
    ).toEqual([
      { event_name: 'corrected', n: 2 },
      { event_name: 'late', n: 5 },
      { event_name: 'made', n: 1 },
    ]);
    const { code, stdout } = await sluice('status', '--days', '5');
    expect([code, stdout.includes('–')]).toEqual([0, true]);
  });

  it('beyond the lookback come by backfill, and at once when their owner says so', async () => {
    await ingest.drop(`events/${ago(30)}/a.parquet`, events(ago(30), 6, 'old'));
    const back = await sluice(
      'backfill',
      '--source',
      'acme',
      '--dataset',
      'events',
      '--from',
      ago(31),
      '--to',
      ago(29),
    );
    expect(back).toMatchObject({ code: 0, stderr: expect.stringContaining('3 days') });
    await ingest.drop(`events/${TODAY}/a.parquet`, events(TODAY, 7, 'fresh'));
    const ready = () =>
      fetch(`${ingest.cloud.collector}/v1/mark_data_ready_dwh`, {
        method: 'POST',
        headers: { 'statsig-api-key': 'secret-acme', 'content-type': 'application/json' },
        body: JSON.stringify({ datestamps: [TODAY], type: 'events' }),
      });
    const [first, second] = [await ready(), await ready()];
    expect([first.status, await first.json()]).toEqual([
      200,
      { success: true, started: ['acme'], tooSoon: [] },
    ]);
    expect([second.status, Number(second.headers.get('retry-after')) > 7_000]).toEqual([429, true]);
    await reached({
      [`events ${ago(3)}`]: 'succeeded',
      [`events ${ago(2)}`]: 'succeeded_no_data',
      [`events ${ago(1)}`]: 'succeeded',
      [`events ${TODAY}`]: 'succeeded',
      [`scores ${ago(1)}`]: 'succeeded',
    });
    const { code } = await sluice('explain', '--source', 'acme', '--dataset', 'events', '--day', ago(30));
    expect(code).toBe(0);
    const rows = await runQuery(
      ingest.data,
      "SELECT count(*)::INT AS n FROM acme_events WHERE event_name IN ('old', 'fresh')",
    );
    expect(rows).toEqual([{ n: 13 }]);
  });

  it('come by the schedule, too', async () => {
    await ingest.drop(
      `scores/ds=${ago(2)}/a.parquet`,
      `SELECT 'u2' AS unit_id, 'userID' AS id_type, DATE '${ago(2)}' AS date, 'score' AS metric_name, 2 AS metric_value`,
    );
    await ingest.advance(24 * 3_600_000);
    const until = Date.now() + 30_000;
    while (Date.now() < until && (await statuses())[`scores ${ago(2)}`] !== 'succeeded') {
      await ingest.cloud.flush();
      await pause(50);
    }
    expect((await statuses())[`scores ${ago(2)}`]).toBe('succeeded');
  });

  it.each([
    [
      ['explain', '--source', 'acme', '--dataset', 'events', '--day', '2020-01-01'],
      1,
      'SLUICE_INGEST_DAY_UNKNOWN',
    ],
    [['status', '--source', 'nobody'], 1, 'SLUICE_INGEST_NO_SOURCES'],
    [['status', '--days', '0'], 2, 'SLUICE_USAGE_OPTIONS'],
    [['explain', '--source', 'acme'], 2, '--dataset'],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-13-01'],
      2,
      'SLUICE_USAGE_OPTIONS',
    ],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-02-02', '--to', '2026-02-01'],
      2,
      'after',
    ],
    [['everything'], 2, 'SLUICE_USAGE_ARGUMENTS'],
  ] as const)('are not asked after in words that mean nothing: %j', async (args, code, text) => {
    expect(await sluice(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });
});
