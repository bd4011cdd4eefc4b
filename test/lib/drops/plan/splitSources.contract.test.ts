import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, MINUTE_MS, utcDay } from '../../../../lib/base/time.ts';
import { planMessages } from '../../../../lib/drops/plan/planMessages.ts';
import { SourceError } from '../../../../lib/drops/SourceError.ts';
import { startIngest } from './startIngest.ts';

const SCHEDULED = { sluice: 'plan', schedule: 'daily' };

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

/** Sources of one bucket, each with datasets of its own. */
function startSources(count: number, datasets = 1) {
  return startIngest(
    Array.from({ length: count }, (_, i) => ({
      datasets: Array.from({ length: datasets }, (__, k) => ({
        name: `d${i}x${k}`,
        kind: 'events' as const,
        lookbackDays: 1,
      })),
    })),
  );
}

const nameOf = (i: number) => `acme${i === 0 ? '' : i}`;
const yesterday = () => addDays(utcDay(ingest.clock.now()), -1);

/** Hands a message of the plan's queue to an invocation, which does not fail. */
async function handle(body: unknown, bucketOf = ingest.planner().bucketOf): Promise<void> {
  const planner = { ...ingest.planner(), bucketOf };
  const messages = [{ messageId: '0', body: JSON.stringify(body), receives: 1 }];
  expect(await planMessages(planner, messages)).toEqual({ batchItemFailures: [] });
}

/** Takes what is in the plan's queue until nothing is left for as long as a tally waits. */
async function handleAll(isKilled = (_: object) => false, bucketOf?: Parameters<typeof handle>[1]) {
  for (let waits = 0; waits < 12; waits += 1) {
    const bodies = await ingest.received('plan');
    for (const body of bodies) if (!isKilled(Object(body))) await handle(body, bucketOf);
    await ingest.clock.advance(15 * MINUTE_MS);
  }
}

const points = () => ingest.lines.filter((line) => '_aws' in line);
const isOf = (name: string) => (body: object) =>
  'sources' in body && JSON.stringify(body.sources) === JSON.stringify([name]);

describe('a run over several sources', () => {
  it('leaves what one customer did to that customer', async () => {
    ingest = await startSources(3);
    for (let i = 0; i < 3; i += 1) await ingest.put(`d${i}x0/${yesterday()}/a.parquet`);
    await ingest.clock.advance(60 * MINUTE_MS);
    const { bucketOf } = ingest.planner();
    const code = 'SLUICE_SOURCE_ACCESS_DENIED';
    const list = () => Promise.reject(new SourceError(code, 'acme-drops.'));
    await handle(SCHEDULED);
    await handleAll(undefined, (source, dataset) =>
      source.name === nameOf(1) ? { list } : bucketOf(source, dataset),
    );
    const tasks = (await ingest.received('load')).map((task) => Object(task).source);
    expect(tasks.toSorted()).toEqual([nameOf(0), nameOf(2)]);
    expect(points()).toMatchObject([
      { schedule: 'daily', days_queued: 2, datasets_unreadable: 1, datasets_stopped: 0 },
    ]);
    const look = await ingest.readJson(`ledger/${nameOf(1)}/d1x0/last-look.json`);
    expect(look).toMatchObject({ failure: { code } });
  });

  it('is split into one message for each source, the one with the oldest look first', async () => {
    ingest = await startSources(4, 2);
    const { looks } = ingest.planner();
    const look = { newestDay: null, stopped: false, openDays: [] };
    const at = ingest.clock.now();
    // The fourth has no look.
    for (const { i, ago } of [
      { i: 0, ago: 1 },
      { i: 1, ago: 3 },
      { i: 2, ago: 2 },
    ])
      for (const k of [0, 1]) await looks.write(nameOf(i), `d${i}x${k}`, { ...look, at: at - ago });
    await handle(SCHEDULED);
    const names = (await ingest.received('plan')).map((body) => Object(body).sources);
    expect(names).toEqual([['acme3'], ['acme1'], ['acme2'], ['acme']]);
  });

  it.each([
    { what: 'of several', n: 3 },
    { what: 'of one', n: 1 },
  ])(
    'counts a source $what whose plan was killed as unreadable, in one point that waits for it',
    async ({ n }) => {
      ingest = await startSources(n, 2);
      for (let i = 0; i < n; i += 1)
        for (const k of [0, 1]) await ingest.put(`d${i}x${k}/${yesterday()}/a.parquet`);
      await ingest.clock.advance(60 * MINUTE_MS);
      await handle(SCHEDULED);
      await handleAll(isOf(nameOf(n - 1)));
      expect(points()).toMatchObject([{ days_queued: 2 * (n - 1), datasets_unreadable: 2 }]);
      // The next run ends it.
      ingest.lines.length = 0;
      await handle(SCHEDULED);
      await handleAll();
      expect(points()).toMatchObject([{ datasets_unreadable: 0 }]);
    },
  );

  it('waits for its sources as long as they end one after the other', async () => {
    ingest = await startSources(6);
    await handle(SCHEDULED);
    const parts = (await ingest.received('plan')).filter((body) => 'sources' in Object(body));
    for (const part of parts) {
      await ingest.clock.advance(15 * MINUTE_MS);
      for (const body of await ingest.received('plan')) await handle(body);
      await handle(part);
    }
    expect(points()).toEqual([]);
    await handleAll();
    expect(points()).toMatchObject([{ datasets_unreadable: 0, datasets_stopped: 6 }]);
  });

  it('is counted once by each of two runs at the same time', async () => {
    ingest = await startSources(3);
    await handle(SCHEDULED);
    await handle(SCHEDULED);
    await handleAll();
    const counted = { datasets_unreadable: 0, datasets_stopped: 3 };
    expect(points()).toMatchObject([counted, counted]);
  });

  it('counts a dataset as unreadable whose note is damaged before it is counted', async () => {
    ingest = await startSources(3);
    await handle(SCHEDULED);
    for (const body of await ingest.received('plan')) await handle(body);
    await ingest.write('ledger/acme1/d1x0/last-look.json', '{"at":"never"}');
    await handleAll();
    expect(points()).toMatchObject([{ datasets_unreadable: 1, datasets_stopped: 2 }]);
  });

  it('counts of a dataset that it has not looked at what the last look has found', async () => {
    ingest = await startSources(1, 2);
    await ingest.put(`d0x0/${yesterday()}/a.parquet`);
    await ingest.clock.advance(60 * MINUTE_MS);
    await handle(SCHEDULED);
    for (const body of await ingest.received('plan')) await handle(body);
    const run = ingest.clock.now() + MINUTE_MS;
    await handle({ sluice: 'tally', schedule: 'daily', run, left: 2, round: 96 });
    expect(points()).toMatchObject([{ days_queued: 1, datasets_unreadable: 2, datasets_stopped: 1 }]);
  });

  it.each([1, 2])('is not counted if a person asked for it, of %i', async (n) => {
    ingest = await startSources(n);
    await handle({ sluice: 'plan' });
    await handleAll();
    expect(ingest.lines.filter(({ event }) => event === 'ingest_plan')).toHaveLength(n);
    expect(points()).toEqual([]);
  });
});
