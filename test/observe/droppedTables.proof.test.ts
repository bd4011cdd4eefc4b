import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const DAY = '2026-11-18';

let drops: Awaited<ReturnType<typeof ingestCloud>>;

beforeAll(async () => {
  drops = await ingestCloud({
    sources: [
      {
        ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER },
        datasets: [{ name: 'events', kind: 'events', lookbackDays: 5 }],
      },
    ],
  });
  await drops.jumpTo('2026-11-19T07:00:00Z');
}, 120_000);
afterAll(() => drops.close());

async function load(file: string, rows: number, at: string): Promise<void> {
  await drops.drop(
    `events/${DAY}/${file}`,
    `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, 'buy' AS event_name, 'u' || i AS unit_id FROM range(${rows}) AS t(i)`,
  );
  await drops.jumpTo(at);
  await drops.cloud.flush();
}

async function ask(...args: string[]) {
  const { stdout, stderr } = await callMain(['tables', 'acme_events', ...args, '--local', '--json'], {
    env: drops.env,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('sluice tables of a dataset', () => {
  it('shows the version of a day that readers see, and names the others', async () => {
    await load('a.parquet', 3, '2026-11-20T02:00:00Z');
    const before = await ask('--day', DAY, '--sample', '0');
    expect(before.table).toMatchObject({ kind: 'ingested', dataset: { source: 'acme', name: 'events' } });
    expect(before.files).toMatchObject({ isRegistered: true, files: [{ rows: 3 }] });
    expect(before.files.versions).toHaveLength(1);

    await load('b.parquet', 2, '2026-11-21T08:00:00Z');
    const after = await ask('--day', DAY, '--sample', '10');
    expect(after.files.location).not.toBe(before.files.location);
    expect(after.files.versions).toHaveLength(2);
    expect(after.files.versions).toContain(before.files.versions[0]);
    const rows = after.files.files.map((file: { readonly rows: number }) => file.rows);
    expect(rows.reduce((sum: number, n: number) => sum + n, 0)).toBe(5);
    expect(after.sample.rows).toHaveLength(5);

    // The files of the older version are not counted.
    const { days } = await ask();
    expect(days.days).toMatchObject([
      { day: DAY, state: 'filled', rows: 5, files: after.files.files.length, location: after.files.location },
    ]);
  });
});
