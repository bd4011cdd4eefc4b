import { beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { curatedDaysKey, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, file, listed, named, OTHER, startDayList } from './startDayList.ts';

/** For two hours the writer may take back what it has put. */
const TAKEN_BACK_MS = 2 * HOUR_MS;

let started: ReturnType<typeof startDayList>;
beforeEach(() => {
  started = startDayList();
});
const list = (...given: Parameters<typeof started.list>) => started.list(...given);
const takeOut = (...given: Parameters<typeof started.takeOut>) => started.takeOut(...given);
const settle = (...given: Parameters<typeof started.settle>) => started.settle(...given);
const days = () => started.days();

describe('the list of days that views read', () => {
  it('gets a day beside the days of other writers that come first, twice', async () => {
    await list(OTHER, listed('v1'));
    started.store.faults = ['conflict', 'conflict'];
    expect(await list(DAY, listed('v2'))).toBe(true);
    expect(await days()).toEqual({ [OTHER]: listed('v1'), [DAY]: listed('v2') });
  });

  it.each([
    { what: 'an earlier version', next: listed('v1'), isTaken: false },
    { what: 'the same version', next: listed('v2'), isTaken: false },
    { what: 'the same version, which keeps rows since', next: listed('v2', { keeps: true }), isTaken: true },
    { what: 'a later version', next: listed('v3'), isTaken: true },
  ])('has of a day the version that is made last: $what comes', async ({ next, isTaken }) => {
    await list(DAY, listed('v2'));
    expect(await list(DAY, next)).toBe(isTaken);
    expect(await days()).toEqual({ [DAY]: isTaken ? next : listed('v2') });
  });

  it('is not changed by a writer whose every write conflicts, and that writer fails', async () => {
    await list(OTHER, listed('v1'));
    started.store.faults = Array(20).fill('conflict');
    await expect(list(DAY, listed('v1'))).rejects.toMatchObject({ code: 'SLUICE_CURATE_LIST_BUSY' });
    started.store.faults = [];
    expect(await days()).toEqual({ [OTHER]: listed('v1') });
  });

  it('loses a day that is taken out', async () => {
    await settle([named('a')]);
    await list(OTHER, listed('v1'));
    await list(DAY, listed('v2'));
    expect(await takeOut(DAY, listed('v2'))).toEqual({ left: [DAY], uncounted: [] });
    expect(await days()).toEqual({ [OTHER]: listed('v1') });
  });

  it.each([
    { what: 'version', seen: listed('v1') },
    { what: 'shape', seen: listed('v2', { shape: 'x' }) },
    { what: 'raw files', seen: listed('v2', { fingerprint: 'x' }) },
  ])('keeps a day that was seen with another $what than it has', async ({ seen }) => {
    await settle([named('a')]);
    await list(DAY, listed('v2'));
    await takeOut(DAY, seen);
    expect(await days()).toEqual({ [DAY]: listed('v2') });
  });

  it('keeps a day that has lost raw files, and marks it', async () => {
    await settle([named('a'), named('gone')]);
    await list(DAY, listed('v1'));
    expect(await takeOut(DAY, listed('v1'))).toEqual({ left: [], uncounted: [] });
    expect(await days()).toEqual({ [DAY]: listed('v1', { keeps: true }) });
  });

  it('loses such a day once its raw files are back', async () => {
    await settle([named('a'), named('gone')]);
    await list(DAY, listed('v1', { keeps: true }));
    started.rawFiles.set(DAY, [file('a'), file('gone')]);
    expect(await takeOut(DAY, listed('v1', { keeps: true }))).toMatchObject({ left: [DAY] });
    expect(await days()).toEqual({});
  });

  describe('with a day whose raw file is gone', () => {
    /** What a look finds uncounted of the day, so many milliseconds after it was settled. */
    async function uncountedAfter(
      ms: number,
      ...settlement: Parameters<ReturnType<typeof startDayList>['settle']>
    ): Promise<readonly string[]> {
      await list(DAY, listed('v1'));
      await settle(...settlement);
      started.clock.advance(ms);
      return (await takeOut(DAY, listed('v1'))).uncounted;
    }

    it('reports it once the writer can no longer have taken the file back', async () => {
      const gone = [named('gone')];
      expect(await uncountedAfter(TAKEN_BACK_MS, gone)).toEqual([]);
      expect(await uncountedAfter(TAKEN_BACK_MS + 1, gone)).toEqual([DAY]);
    });

    it('does not report it if a version has counted the rows that it keeps', async () => {
      const kept = { files: [named('gone')], rows: 1, since: 0 };
      expect(await uncountedAfter(TAKEN_BACK_MS + 1, [], { kept })).toEqual([]);
    });

    it('does not report it after a failure: the night tries it again', async () => {
      expect(await uncountedAfter(TAKEN_BACK_MS + 1, [named('gone')], {}, 'failed')).toEqual([]);
    });
  });

  describe('with a day whose entry of the ledger cannot be read', () => {
    beforeEach(() => started.store.write(ledgerKey('curated', 'events', DAY), '{}'));

    it('loses the day once it is taken out', async () => {
      await list(DAY, listed('v1'));
      expect(await takeOut(DAY, listed('v1'))).toMatchObject({ left: [DAY] });
      expect(await days()).toEqual({});
    });

    it('keeps the day if it has rows that no raw file has', async () => {
      const keeping = listed('v1', { keeps: true });
      await list(DAY, keeping);
      expect(await takeOut(DAY, keeping)).toEqual({ left: [], uncounted: [] });
      expect(await days()).toEqual({ [DAY]: keeping });
    });
  });

  it('does not say of a day that it has left if it was listed anew since', async () => {
    await settle([named('a')]);
    await list(DAY, listed('v2'));
    expect(await takeOut(DAY, listed('v1'))).toEqual({ left: [], uncounted: [] });
  });

  describe('with a day whose entry in it cannot be read', () => {
    /** What such a day is read as: one that keeps rows, of which nothing else is known. */
    const damaged = { version: '', shape: '', fingerprint: '', keeps: true };
    beforeEach(async () => {
      await settle([named('a')]);
      const stored = { [OTHER]: listed('v1'), [DAY]: { version: 5 } };
      await started.store.write(curatedDaysKey('events'), JSON.stringify({ days: stored }));
    });

    it('keeps that day and the others', async () => {
      expect(await days()).toEqual({ [OTHER]: listed('v1'), [DAY]: damaged });
    });

    it('keeps that day beside a change of another, and gets it again by the next version', async () => {
      await list(OTHER, listed('v2'));
      expect(await days()).toEqual({ [OTHER]: listed('v2'), [DAY]: damaged });
      await list(DAY, listed('v1'));
      expect(await days()).toEqual({ [OTHER]: listed('v2'), [DAY]: listed('v1') });
    });

    it('loses that day only if the ledger says that raw files have all of its rows', async () => {
      const [day] = Object.entries(await days()).filter(([name]) => name === DAY);
      const seen = day?.[1] ?? listed('');
      started.rawFiles.set(DAY, [file('b')]);
      expect(await takeOut(DAY, seen)).toMatchObject({ left: [] });
      started.rawFiles.set(DAY, [file('a'), file('b')]);
      expect(await takeOut(DAY, seen)).toMatchObject({ left: [DAY] });
      expect(await days()).toEqual({ [OTHER]: listed('v1') });
    });
  });

  it.each([
    { what: 'no JSON', text: '{' },
    { what: 'no days', text: '{}' },
    {
      what: 'a name that is no day',
      text: '{"days":{"monday":{"version":"v1","shape":"s","fingerprint":"f"}}}',
    },
  ])('is neither read nor changed if it is damaged as a whole: $what', async ({ text }) => {
    await started.store.write(curatedDaysKey('events'), text);
    const isRefused = { code: 'SLUICE_INGEST_LEDGER_INVALID' };
    await expect(days()).rejects.toMatchObject(isRefused);
    await expect(list(DAY, listed('v1'))).rejects.toMatchObject(isRefused);
    expect((await started.store.read(curatedDaysKey('events')))?.text).toBe(text);
  });
});
