import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { missingEventsSql } from '../../../../observe/facts/tables/missingEvents.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const config = defineConfig({ bucket: 'acme' });

/** Events of a name: how many each curated day had, and when those of the last days were received. */
interface Sent {
  readonly name: string;
  readonly days: Readonly<Record<string, number>>;
  readonly received?: readonly string[];
}

/** The names that the query tells. */
async function missing(...sent: readonly Sent[]) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run('CREATE SCHEMA sluice');
    await connection.run('CREATE TABLE sluice.curated_events (event_name VARCHAR, ds DATE)');
    await connection.run(
      'CREATE TABLE sluice.statsig_forwarded_events (event_name VARCHAR, ds DATE, received_at TIMESTAMP)',
    );
    for (const { name, days, received = [] } of sent) {
      for (const [day, count] of Object.entries(days))
        await connection.run(
          `INSERT INTO sluice.curated_events SELECT '${name}', DATE '${day}' FROM range(${count})`,
        );
      for (const time of received)
        await connection.run(
          `INSERT INTO sluice.statsig_forwarded_events VALUES ('${name}', DATE '${time.slice(0, 10)}', TIMESTAMP '${time}')`,
        );
    }
    const answer = await connection.runAndReadAll(missingEventsSql(config, NOW));
    return answer
      .getRowObjects()
      .map(({ name, least, days, newest, last_at: last }) => [
        name,
        Number(least),
        Number(days),
        newest,
        last,
      ]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const each = (count: number, ...days: readonly string[]) =>
  Object.fromEntries(days.map((day) => [day, count]));
const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18'];
/** Twenty views, which come still. */
const views: Sent = {
  name: 'view',
  days: each(20, ...DAYS),
  received: Array.from({ length: 20 }, () => '2026-11-20 08:00:00'),
};

it('tells a name that each day had and that has not come for 24 hours, with when the last came', async () => {
  const gone = { name: 'buy', days: each(20, ...DAYS), received: ['2026-11-19 11:59:59'] };
  const unknown = { name: 'pay', days: { ...each(30, ...DAYS), '2026-11-17': 25 } };
  const many = { ...views, received: [...(views.received ?? []), ...(views.received ?? [])] };
  expect(await missing(many, gone, unknown)).toEqual([
    ['pay', 25, 3, '2026-11-18', null],
    ['buy', 20, 3, '2026-11-18', '2026-11-19 11:59:59'],
  ]);
});

it.each([
  ['came within 24 hours', { name: 'buy', days: each(20, ...DAYS), received: ['2026-11-19 12:00:00'] }],
  ['did not come on each day', { name: 'buy', days: each(20, '2026-11-16', '2026-11-18') }],
  ['are too few to be expected of twenty', { name: 'buy', days: each(19, ...DAYS) }],
  ['an SDK logs by itself', { name: 'statsig::identify', days: each(20, ...DAYS) }],
])('tells no events that %s', async (_, sent) => {
  expect(await missing(views, sent)).toEqual([]);
});

it('tells none while two days are known, or when nothing comes at all', async () => {
  const days = { ...views, days: each(20, '2026-11-17', '2026-11-18') };
  expect(await missing(days, { name: 'buy', days: each(20, '2026-11-17', '2026-11-18') })).toEqual([]);
  const { received: _, ...silent } = views;
  expect(await missing(silent, { name: 'buy', days: each(20, ...DAYS) })).toEqual([]);
});
