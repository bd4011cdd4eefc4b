import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../../../../lib/base/time.ts';
import { noteErasure } from '../../../../lib/ledger/erasureNotes.ts';
import { VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { configuredDatasets } from '../../../../observe/facts/days/datasets.ts';
import { unreadDrops } from '../../../../observe/facts/days/unreadDays.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { DAY, parquetOf, readEvents, someEvents } from './startLoads.ts';

const HOUR_MS = 3_600_000;

let pieces: DayInPieces;
beforeEach(async () => {
  pieces = await DayInPieces.start();
});
afterEach(() => pieces.loads.close());

describe('a day in pieces', () => {
  it('is loaded in one invocation where the time holds', async () => {
    await pieces.dropThree();
    expect(await pieces.loads.load()).toMatchObject({ outcome: 'succeeded', rows: SUM, files: 3 });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
    expect(await pieces.loads.rowsUnder('quarantine/')).toHaveLength(2);
    expect(pieces.loads.sent()).toEqual([]);
    expect(await pieces.loads.entry()).not.toHaveProperty('run');
  });

  it('has pieces of a sixteenth of the disk: their rows and temporary files need as much again', async () => {
    const bytes = await parquetOf(someEvents(0, 2));
    for (const name of ['a', 'b', 'c']) await pieces.drop(name, bytes);
    const diskBytes = 16 * 2 * bytes.byteLength;
    const loaded = await pieces.loads.load({ at: { recorded: pieces.later }, loader: { diskBytes } });
    expect(loaded).toEqual({ outcome: 'piece', done: 1, pieces: 2 });
  });

  it('hands over after a piece that leaves no time for another, and says how far it is', async () => {
    await pieces.dropThree();
    const startedAt = pieces.loads.clock.now();
    expect(await pieces.loadPiece()).toEqual({ outcome: 'piece', done: 1, pieces: 3 });
    const entry = await pieces.loads.entry();
    const run = { startedAt, done: 1, pieces: 3, rows: { in: 3, out: 2, refused: 1 } };
    expect(entry).toMatchObject({ state: 'waiting', attempts: 0, run });
    expect(entry).not.toHaveProperty('lease');
    expect(await unreadDrops(pieces.loads, configuredDatasets(pieces.loads.config))).toEqual([[]]);
  });

  it('is read once all of its pieces are made', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    for (const _ of [2, 3]) await pieces.loadPiece(pieces.loads.sentTask());
    expect(await pieces.loads.entry()).toMatchObject({ run: { done: 3 } });
    expect(await pieces.loads.read()).toBeNull();
    const last = pieces.loads.sentTask();
    expect(await pieces.loads.load(last)).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
    expect(await pieces.loads.load(last)).toEqual({ outcome: 'unchanged' });
  });

  it('is judged by the refused rows of all pieces', async () => {
    const refused = `SELECT TIMESTAMP '${DAY} 11:00:00' AS timestamp, NULL AS event_name, 'u' AS unit_id`;
    await pieces.drop('a', someEvents(0, 3));
    await pieces.drop('b', `${refused} FROM range(3)`);
    expect(await pieces.loads.loadInPieces()).toMatchObject({ outcome: 'succeeded' });
    await pieces.drop('a', someEvents(0, 2));
    const failure = { code: 'SLUICE_LOAD_ROWS_REFUSED' };
    expect(await pieces.loads.loadInPieces({ reason: 'changed' })).toMatchObject({
      outcome: 'failed',
      failure,
    });
  });

  it('does not bring rows back that an erasure took out of a piece that is made', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const [key = ''] = await pieces.loads.keys('statsig/ingested/');
    await pieces.loads.put(key, await parquetOf(`SELECT 'u001' AS user_id, 'seen' AS event_name`));
    const at = pieces.loads.clock.now();
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    const erasure = { id: 'e1', at, endedAt: at };
    await pieces.loads.ledger.change(place, (entry) => ({ entry: noteErasure(entry, erasure) }));
    pieces.loads.clock.advance(1);
    expect(await pieces.loads.loadInPieces(pieces.loads.sentTask())).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await pieces.loads.read()).toEqual(readEvents(1, 6));
    // Its files were listed before.
    expect((await pieces.loads.entry())?.erasures).toMatchObject([erasure]);
  });

  it('hands over after a piece if the time that is left holds it once', async () => {
    for (const name of ['a', 'b']) await pieces.drop(name, await parquetOf(someEvents(0, 2)));
    const recorded = async () => pieces.loads.clock.advance(100_000);
    const run = { deadline: pieces.loads.clock.now() + 299_999 };
    expect(await pieces.loads.load({ run, at: { recorded } })).toMatchObject({ outcome: 'piece', done: 1 });
  });

  it('hands over before a file that is larger than the time holds', async () => {
    await pieces.drop('a', someEvents(0, 2));
    await pieces.drop('b', someEvents(2, 4_000));
    const recorded = async () => pieces.loads.clock.advance(100_000);
    const run = { deadline: pieces.loads.clock.now() + 400_000 };
    expect(await pieces.loads.load({ run, at: { recorded } })).toEqual({
      outcome: 'piece',
      done: 1,
      pieces: 2,
    });
    expect(await pieces.loads.load(pieces.loads.sentTask())).toMatchObject({ outcome: 'succeeded' });
  });

  it('is swept by no sweep while it lasts, also if each piece takes 13 hours', async () => {
    await pieces.dropThree();
    const slow = async () => pieces.loads.clock.advance(13 * HOUR_MS);
    let last = await pieces.loads.load({
      at: { recorded: slow },
      run: { leaseUntil: Number.MAX_SAFE_INTEGER },
    });
    for (let [task] = pieces.loads.sent(); task !== undefined; [task] = pieces.loads.sent()) {
      await pieces.loads.sweep();
      last = await pieces.loads.load({ ...task, at: { recorded: slow } });
    }
    expect(last).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
    expect(await pieces.loads.keys(VERSION_NOTES)).toHaveLength(1);
    await pieces.loads.sweep();
    expect(await pieces.loads.keys(VERSION_NOTES)).toEqual([]);
    expect(await pieces.loads.keys('ledger/_loads/')).toEqual([]);
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
  });

  it('has the rows, refused rows, counts and fates of one piece, whatever its cut', async () => {
    const good = fc.record({ rows: fc.integer({ min: 0, max: 4 }), refused: fc.integer({ min: 0, max: 2 }) });
    const file = fc.oneof(
      { weight: 9, arbitrary: good },
      { weight: 1, arbitrary: fc.constant('damaged' as const) },
    );
    const days = fc.array(file, { minLength: 1, maxLength: 6 });
    let day = DAY;
    await fc.assert(
      fc.asyncProperty(days, fc.integer({ min: 1, max: 3_000 }), async (files, bytes) => {
        day = addDays(day, 1);
        const put = (i: number, rows: string | Uint8Array) =>
          pieces.loads.drop(`file-${i}.parquet`, rows, day);
        let from = 0;
        for (const [i, path] of files.entries()) {
          if (path === 'damaged') await put(i, damaged);
          else {
            const refused = `SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u' FROM range(${path.refused})`;
            await put(i, `${someEvents(from, from + path.rows)} UNION ALL ${refused}`);
            from += path.rows;
          }
        }
        const loaded = async (mostBytes: number) => {
          pieces.loads.cutAt(mostBytes);
          const outcome = await pieces.loads.loadInPieces({ day, reason: 'backfill' });
          const { state, rows, fingerprint, failure, files: fates } = (await pieces.loads.entry(day)) ?? {};
          const { code } = failure ?? {};
          const isFailed = state === 'failed';
          // A day fails by its first piece with a problem.
          const named = fates?.map(({ key, fate, reason, rows: counts, refusedBy }) =>
            isFailed ? key : { key, fate, reason, counts, refusedBy },
          );
          const read = (await pieces.loads.read(day))?.toSorted();
          return {
            outcome: outcome === 'killed' ? outcome : outcome.outcome,
            state,
            rows,
            fingerprint,
            code,
            named,
            read,
          };
        };
        const whole = await loaded(2 ** 28);
        expect(await loaded(bytes)).toEqual(whole);
      }),
      { seed: 72, numRuns: 6 },
    );
  });
});
