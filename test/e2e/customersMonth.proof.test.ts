import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import { calendarMarks } from '../harness/calendarMarks.ts';
import type { DatasetInput } from '../harness/configInput.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const orders: DatasetInput = {
  name: 'orders',
  kind: 'events',
  lookbackDays: 4,
  expectedBy: { hour: 8 },
  mapping: { eventValue: 'price', metadata: { plan: 'plan' } },
};
const sourceOf = (dataset: DatasetInput, bucket = DROPS) => ({
  sources: [{ name: 'acme', bucket, owner: CUSTOMER, settleMinutes: 0, datasets: [dataset] }],
});
/** The dataset once it has the column by both of its names. */
const renamed: DatasetInput = {
  ...orders,
  mapping: { eventValue: 'price', metadata: { plan: { column: ['plan', 'plan_name'] } } },
};

let story: Awaited<ReturnType<typeof ingestCloud>>;
beforeAll(async () => {
  story = await ingestCloud(sourceOf(orders), { startsAt: '2026-11-02T07:00:00Z' });
});
afterAll(() => story.close());

const columnsOf = (day: UtcDay) => ({
  timestamp: `TIMESTAMPTZ '${day} 10:00:00Z' + to_seconds(i)`,
  event_name: "'order'",
  unit_id: "'u' || i",
  price: '10.5 + i',
  plan: "'gold'",
});

/** Where the customer delivers to. */
let bucket = DROPS;

/** The customer delivers a day. @param columns What this day has of its own: SQL by column; without one, no such column. */
async function deliver(day: UtcDay, columns: Readonly<Record<string, string | null>> = {}, rows = 100) {
  const all: Record<string, string | null> = { ...columnsOf(day), ...columns };
  const named = Object.entries(all).flatMap(([name, sql]) => (sql === null ? [] : [`${sql} AS ${name}`]));
  const sql = `SELECT ${named.join(', ')} FROM range(${rows}) t(i)`;
  await story.drop(`orders/${day}/part-0.parquet`, sql, bucket);
}

/** What `ingest status` shows a person on the morning after a day: its mark, the lines below the calendar, the exit code. */
async function morningAfter(day: UtcDay) {
  await story.jumpTo(`${addDays(day, 1)}T09:05:00Z`);
  await story.cloud.flush();
  return look(day);
}

async function look(day: UtcDay) {
  const { stdout, code } = await story.sluice('ingest', 'status', '--days', '6');
  const below = stdout.split('\n\n')[1] ?? '';
  const [mark] = Object.values(calendarMarks(stdout, day));
  return {
    mark,
    told: below
      .split('\n')
      .slice(1)
      .filter((line) => line !== ''),
    code,
  };
}
const GOOD = { mark: '✓', told: [], code: 0 };

/** A day that is delivered as ever. */
async function goodDay(day: UtcDay) {
  await deliver(day);
  expect(await morningAfter(day)).toEqual(GOOD);
}

/** A person's one step: a command, after which the day is as it says. */
async function step(day: UtcDay, ...words: string[]) {
  const how = ['--source', 'acme', '--dataset', 'orders', '--from', day];
  expect(await story.sluice('ingest', ...words, ...how)).toMatchObject({ code: 0 });
  await story.cloud.flush();
  return look(day);
}

describe('a month of one customer', () => {
  it('begins late: each morning from the first day on says so, until the first day has come, and then of no day before it', async () => {
    const first = expect.stringContaining(
      'its first day, 2026-11-04, is expected by 2026-11-05T08:00:00.000Z',
    );
    expect(await morningAfter('2026-11-03')).toEqual({ mark: '·', told: [first], code: 0 });
    const late = await morningAfter('2026-11-04');
    expect(late).toMatchObject({ mark: '!', code: 3 });
    expect(late.told).toContainEqual(expect.stringContaining('acme/orders is without 2026-11-04'));
    for (const day of ['2026-11-05', '2026-11-06', '2026-11-07', '2026-11-08']) await goodDay(day);
  });

  it('has a column renamed: one edit, after which no rename costs a step', async () => {
    const rename = { plan: null, plan_name: "'gold'" };
    await deliver('2026-11-09', rename);
    const message = expect.stringContaining('the nearest is "plan_name"');
    expect(await morningAfter('2026-11-09')).toEqual({ mark: '✗', told: [message], code: 3 });
    await story.restart(sourceOf(renamed));
    await deliver('2026-11-10', rename);
    expect(await morningAfter('2026-11-10')).toEqual(GOOD);
    expect((await look('2026-11-09')).mark).toBe('✓');
    await goodDay('2026-11-11');
  });

  it('has a day of a file without rows, which stands out until it is corrected or accepted', async () => {
    await deliver('2026-11-12', {}, 0);
    const lines = ['acme/orders 2026-11-12 has 1 file, 0 rows, where 100 are usual'];
    expect(await morningAfter('2026-11-12')).toEqual({ mark: '∅', told: lines, code: 0 });
    await deliver('2026-11-13', {}, 0);
    expect(await morningAfter('2026-11-13')).toMatchObject({ mark: '∅' });
    await deliver('2026-11-13');
    expect(await step('2026-11-12', 'accept', 'empty')).toMatchObject({ mark: '0' });
    await goodDay('2026-11-14');
    expect((await look('2026-11-13')).mark).toBe('✓');
  });

  it('has a new bucket: one edit and a policy, after which nothing is told of the days before', async () => {
    bucket = 'acme-moved';
    await story.restart(sourceOf(renamed, bucket));
    await story.letIn(CUSTOMER, bucket, 'ingest-source');
    await deliver('2026-11-15');
    const { told: lines, ...day } = await morningAfter('2026-11-15');
    expect(day).toEqual({ mark: '✓', code: 0 });
    const from = /^acme\/orders .* was loaded from s3:\/\/acme-drops\/orders\/YYYY-MM-DD$/;
    expect(lines).toEqual([expect.stringMatching(from), expect.stringMatching(from)]);
    expect((await look('2026-11-14')).mark).toBe('✓');
    // A day that comes there is loaded as a correction.
    await deliver('2026-11-14', {}, 90);
    await deliver('2026-11-16');
    expect(await morningAfter('2026-11-16')).toMatchObject({ mark: '✓', code: 0 });
    expect(
      await story.query("SELECT count(*)::INT AS n FROM acme_orders WHERE ds = DATE '2026-11-14'"),
    ).toEqual([{ n: 90 }]);
  });

  it('has a price as text, which is told with both shares and three values until it is corrected', async () => {
    await deliver('2026-11-17', { price: "'EUR ' || i || ',50'" });
    const { mark, told: lines } = await morningAfter('2026-11-17');
    const values = '"EUR 0,50", "EUR 1,50", "EUR 2,50"';
    expect(mark).toBe('✓');
    expect(lines.filter((line) => line.includes('2026-11-17'))).toEqual([
      expect.stringMatching(/eventValue \(column "price"\): type VARCHAR, .* 0 % of .* before 100 %/),
    ]);
    expect(lines.join()).toContain(values);
    await deliver('2026-11-17');
    await deliver('2026-11-18');
    expect((await morningAfter('2026-11-18')).told.join()).not.toContain('other values');
  });

  it('has a file of three days before under a new name, which is told with its rows and its file', async () => {
    await deliver('2026-11-19', { timestamp: columnsOf('2026-11-16').timestamp });
    const { mark, told: lines } = await morningAfter('2026-11-19');
    expect(mark).toBe('=');
    expect(lines.filter((line) => line.includes('2026-11-19')).join()).toMatch(
      /100 of 100 rows of other days: 2026-11-16 \(100\)\. files are those of other days: .* is orders\/2026-11-16/,
    );
    expect(await step('2026-11-19', 'accept', 'keep')).toMatchObject({ mark: '✓' });
    expect((await look('2026-11-19')).told.join()).not.toContain('of other days');
  });
});
