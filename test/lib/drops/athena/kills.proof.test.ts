import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { athenaFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import { ATHENA_NOTES, VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { LOADS_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { DAY, LEASE_MS, type Loads, readEvents, someEvents, startLoads } from '../load/startLoads.ts';

const TWO_DAYS_MS = 2 * 86_400_000;
/** Two equal rows of 40 have no name. */
const WITH_REFUSED = `${someEvents(20, 58)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u999' FROM range(2)`;
const afterwards = readEvents(0, 58);

let loads: Loads;
beforeEach(async () => {
  loads = await startLoads({ engine: 'athena', refusedShare: 0.1 });
  await loads.drop('a.parquet', someEvents(0, 20));
  expect(await loads.load()).toMatchObject({ outcome: 'started', step: 'rows' });
  expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
});
afterEach(() => loads.close());

async function expectWhole() {
  expect(await loads.read()).toEqual(afterwards);
  expect(await loads.entry()).toMatchObject({
    state: 'succeeded',
    rows: { in: 60, out: 58, refused: 2 },
    files: [{ fate: 'loaded' }, { fate: 'loaded', rows: { in: 40, out: 38, refused: 2 } }],
    athena: { why: "the dataset's `engine` is athena" },
  });
  const { superseded = [], version = '' } = (await loads.entry()) ?? {};
  expect(superseded.map((one) => one.version)).not.toContain(version);
  expect((await loads.rowsUnder('quarantine/')).map(({ reason, detail }) => [reason, detail])).toEqual([
    ['SLUICE_INGEST_ROW_NAME_MISSING', '2 equal rows, event name: column "event_name"'],
  ]);
  expect(await loads.keys(ATHENA_NOTES)).toEqual([]);
  loads.clock.advance(TWO_DAYS_MS);
  await loads.sweep();
  expect(await loads.keys(VERSION_NOTES)).toEqual([]);
  expect(await loads.keys(LOADS_FOLDER)).toEqual([]);
  expect(await loads.read()).toEqual(afterwards);
}

describe('a load by Athena', () => {
  it('replaces the version, and leaves nothing behind', async () => {
    await loads.drop('b.parquet', WITH_REFUSED);
    expect(await loads.load()).toMatchObject({ outcome: 'started' });
    expect(await loads.read()).toEqual(readEvents(0, 20));
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.athena?.executions).toHaveLength(4);
    await expectWhole();
  });

  it.each([
    'claimed',
    'listed',
    'begun',
    'athena_planned',
    'athena_noted',
    'athena_started',
    'athena_put_down',
  ] as const)('that is killed at %s while it starts has the same result', async (killAt) => {
    await loads.drop('b.parquet', WITH_REFUSED);
    expect(await loads.load({ killAt })).toBe('killed');
    loads.clock.advance(LEASE_MS + 1);
    const again = await loads.load();
    if (again !== 'killed' && again.outcome !== 'succeeded') await loads.goOn();
    await expectWhole();
  });

  it.each([...athenaFaultPoints.slice(1), 'quarantined', 'renewed', 'noted', 'moved', 'settled'] as const)(
    'that is killed at %s while it goes on has the same result',
    async (killAt) => {
      await loads.drop('b.parquet', WITH_REFUSED);
      await loads.load();
      expect(await loads.goOn({ killAt })).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
      await loads.goOn();
      await expectWhole();
    },
  );

  it.each([
    ['the plan has seen other files', { fingerprint: 'newer', reason: 'changed' }],
    ['somebody requests the day', { reason: 'backfill' }],
  ] as const)('stops the statement that runs when %s, and starts anew', async (_, task) => {
    const before = await loads.queryStates();
    const release = loads.holdQueries();
    await loads.drop('b.parquet', someEvents(20, 30));
    expect(await loads.load()).toMatchObject({ outcome: 'started', step: 'rows' });
    expect((await loads.queryStates()).slice(0, -before.length)).toEqual(['RUNNING']);
    await loads.drop('b.parquet', WITH_REFUSED);
    expect(await loads.load(task)).toMatchObject({ outcome: 'started', step: 'rows' });
    expect((await loads.queryStates()).slice(0, -before.length)).toEqual(['RUNNING', 'CANCELLED']);
    release();
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded', engine: 'athena' });
    await expectWhole();
  });

  it('stops its statement when another invocation has taken the day over meanwhile', async () => {
    const before = await loads.queryStates();
    const release = loads.holdQueries();
    await loads.drop('b.parquet', WITH_REFUSED);
    const late = await loads.load({
      at: {
        athena_started: async () => {
          loads.clock.advance(LEASE_MS + 1);
          expect(await loads.load({ fingerprint: 'newer' })).toMatchObject({ outcome: 'started' });
        },
      },
    });
    expect(late).toEqual({ outcome: 'lost' });
    expect((await loads.queryStates()).slice(0, -before.length)).toEqual(['RUNNING', 'CANCELLED']);
    release();
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    await expectWhole();
  });

  it('names the file that Athena can not read', async () => {
    await loads.drop(
      'b.parquet',
      `SELECT * REPLACE ({'Upper': event_name} AS event_name) FROM (${someEvents(0, 2)})`,
    );
    expect(await loads.load()).toMatchObject({ outcome: 'failed', engine: 'athena' });
    expect(await loads.entry()).toMatchObject({
      failure: { code: 'SLUICE_INGEST_COLUMN_ENGINE_UNFIT' },
      files: [{ fate: 'loaded' }, { fate: 'failed', reason: 'SLUICE_INGEST_COLUMN_ENGINE_UNFIT' }],
    });
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });
});
