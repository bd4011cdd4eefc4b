import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, HOUR_MS } from '../../../../lib/base/time.ts';
import { noteErasure } from '../../../../lib/ledger/erasureNotes.ts';
import { VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { configuredDatasets } from '../../../../observe/facts/days/datasets.ts';
import { unreadDrops } from '../../../../observe/facts/days/unreadDays.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { DAY, ends, type Loads, someEvents } from './startLoads.ts';

let pieces: DayInPieces;
let loads: Loads;
beforeEach(async () => {
  pieces = await DayInPieces.start();
  ({ loads } = pieces);
});
afterEach(() => loads.close());

describe('a day in pieces', () => {
  it('is loaded in one invocation where the time holds', async () => {
    await pieces.dropThree();
    await ends(loads.load(), 'succeeded', { rows: SUM, files: 3 });
    await loads.expectEvents(0, 6);
    expect(await loads.rowsUnder('quarantine/')).toHaveLength(2);
    expect(loads.sent()).toEqual([]);
    expect(await loads.entry()).not.toHaveProperty('run');
  });

  it('has pieces of a sixteenth of the disk: their rows and temporary files need as much again', async () => {
    const bytes = await parquetOf(someEvents(0, 2));
    for (const name of ['a', 'b', 'c']) await pieces.drop(name, bytes);
    const diskBytes = 16 * 2 * bytes.byteLength;
    await ends(pieces.loadPiece({ loader: { diskBytes } }), 'piece', { done: 1, pieces: 2 });
  });

  it('hands over after a piece that leaves no time for another, and says how far it is', async () => {
    await pieces.dropThree();
    const startedAt = loads.clock.now();
    await ends(pieces.loadPiece(), 'piece', { done: 1, pieces: 3 });
    const entry = await loads.entry();
    const run = { startedAt, done: 1, pieces: 3, rows: { in: 3, out: 2, refused: 1 } };
    expect(entry).toMatchObject({ state: 'waiting', attempts: 0, run });
    expect(entry).not.toHaveProperty('lease');
    expect(await unreadDrops(loads, configuredDatasets(loads.config))).toEqual([
      { unread: [], forgotten: [] },
    ]);
  });

  it('is read once all of its pieces are made', async () => {
    const task = await pieces.begin();
    await pieces.loadPiece(task);
    await pieces.loadPiece(loads.sentTask());
    await loads.expectEntry({ run: { done: 3 } });
    expect(await loads.read()).toBeNull();
    const last = loads.sentTask();
    await ends(loads.load(last), 'succeeded', { rows: SUM });
    await loads.expectEvents(0, 6);
    await ends(loads.load(last), 'unchanged');
  });

  it('is judged by the refused rows of all pieces', async () => {
    const refused = `SELECT TIMESTAMP '${DAY} 11:00:00' AS timestamp, NULL AS event_name, 'u' AS unit_id`;
    await loads.dropEvents('a', 0, 3);
    await pieces.drop('b', `${refused} FROM range(3)`);
    await ends(loads.loadInPieces(), 'succeeded');
    await loads.dropEvents('a', 0, 2);
    const failure = { code: 'SLUICE_LOAD_ROWS_REFUSED' };
    await ends(loads.loadInPieces({ reason: 'changed' }), 'failed', { failure });
  });

  it('does not bring rows back that an erasure took out of a piece that is made', async () => {
    const task = await pieces.begin();
    const [key = ''] = await loads.keys('statsig/ingested/');
    await loads.put(key, await parquetOf(`SELECT 'u001' AS user_id, 'seen' AS event_name`));
    const at = loads.clock.now();
    const erasure = { id: 'e1', at, endedAt: at };
    await loads.ledger.change(loads.place, (entry) => ({ entry: noteErasure(entry, erasure) }));
    loads.clock.advance(1);
    await ends(loads.loadInPieces(task), 'succeeded');
    await loads.expectEvents(1, 6);
    // Its files were listed before.
    expect((await loads.entry())?.erasures).toMatchObject([erasure]);
  });

  it.each([
    {
      what: 'hands over after a piece if the time that is left holds it once',
      time: 299_999,
      ended: 'piece',
    },
    {
      what: 'goes on after a piece if the time that is left holds it twice',
      time: 300_000,
      ended: 'succeeded',
    },
  ] as const)('$what', async ({ time, ended }) => {
    for (const name of ['a', 'b']) await pieces.drop(name, await parquetOf(someEvents(0, 2)));
    const recorded = async () => loads.clock.advance(100_000);
    const run = { deadline: loads.clock.now() + time };
    await ends(loads.load({ run, at: { recorded } }), ended);
  });

  it('hands over before a file that is larger than the time holds', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 4_000);
    const recorded = async () => loads.clock.advance(100_000);
    const run = { deadline: loads.clock.now() + 400_000 };
    await ends(loads.load({ run, at: { recorded } }), 'piece', { done: 1, pieces: 2 });
    await ends(loads.load(loads.sentTask()), 'succeeded');
  });

  it('is swept by no sweep while it lasts, also if each piece takes 13 hours', async () => {
    await pieces.dropThree();
    const slow = async () => loads.clock.advance(13 * HOUR_MS);
    let last = await loads.load({
      at: { recorded: slow },
      run: { leaseUntil: Number.MAX_SAFE_INTEGER },
    });
    for (let [task] = loads.sent(); task !== undefined; [task] = loads.sent()) {
      await loads.sweep();
      last = await loads.load({ ...task, at: { recorded: slow } });
    }
    expect(last).toMatchObject({ outcome: 'succeeded', rows: SUM });
    await loads.expectEvents(0, 6);
    expect(await loads.keys(VERSION_NOTES)).toHaveLength(1);
    await loads.sweep();
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
    expect(await loads.keys('ledger/_loads/')).toEqual([]);
    await loads.expectEvents(0, 6);
  });

  it('has the rows, refused rows, counts and fates of one piece, whatever its cut', async () => {
    // A file of -1 refused rows is damaged.
    const refused = fc.constantFrom(0, 1, 2, 0, 1, 2, 0, 1, 2, -1);
    const file = fc.record({ rows: fc.integer({ min: 0, max: 4 }), refused });
    const days = fc.array(file, { minLength: 2, maxLength: 6 });
    let day = DAY;
    await fc.assert(
      fc.asyncProperty(days, fc.integer({ min: 1, max: 1_500 }), async (drawn, bytes) => {
        day = addDays(day, 1);
        let from = 0;
        for (const [i, { rows, refused }] of drawn.entries()) {
          const nameless = `SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u' FROM range(${refused})`;
          const query = `${someEvents(from, from + rows)} UNION ALL ${nameless}`;
          await loads.drop(`file-${i}.parquet`, refused < 0 ? damaged : query, day);
          from += rows;
        }
        const loaded = async (mostBytes: number) => {
          loads.cutAt(mostBytes);
          let recordedPieces = 0;
          const recorded = async () => {
            recordedPieces += 1;
          };
          const outcome = await loads.loadInPieces({ day, reason: 'backfill', at: { recorded } });
          const { state, rows, fingerprint, failure, files } = (await loads.entry(day)) ?? {};
          // A day fails by its first piece with a problem.
          const named = files?.map(({ key, ...fate }) => (state === 'failed' ? key : { key, ...fate }));
          const ended = { outcome: Object(outcome).outcome, state, rows, fingerprint, code: failure?.code };
          return { pieces: recordedPieces, content: { ...ended, named, read: await loads.read(day) } };
        };
        const whole = await loaded(2 ** 28);
        const cut = await loaded(bytes);
        expect(cut.content).toEqual(whole.content);
        expect(whole.pieces).toBe(0);
        expect(cut.pieces).toBeGreaterThan(0);
      }),
      { seed: 72, numRuns: 6 },
    );
  });
});
