import { describe, expect, it } from '@jest/globals';
import { TAKEN_BACK_MS } from '../../../lib/curate/limits.ts';
import { curatedDaysKey, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, file, listed, named, OTHER, startDayList } from './startDayList.ts';

describe('the list of days that views read', () => {
  it('gets a day beside the days of other writers, and never an earlier version of it', async () => {
    const { store, list, days } = startDayList();
    await list(OTHER, listed('v1'));
    // Another writer comes first, twice.
    store.faults = ['conflict', 'conflict'];
    expect(await list(DAY, listed('v2'))).toBe(true);
    expect(await days()).toEqual({ [OTHER]: listed('v1'), [DAY]: listed('v2') });
    expect(await list(DAY, listed('v1'))).toBe(false);
    expect(await list(DAY, listed('v2'))).toBe(false);
    expect(await days()).toMatchObject({ [DAY]: { version: 'v2' } });
    // The same version, which is known to keep rows since.
    expect(await list(DAY, listed('v2', { keeps: true }))).toBe(true);
    expect(await list(DAY, listed('v3'))).toBe(true);
  });

  it('is not changed by a writer whose every write conflicts, and that writer fails', async () => {
    const { store, list } = startDayList();
    store.faults = Array(20).fill('conflict');
    await expect(list(DAY, listed('v1'))).rejects.toMatchObject({ code: 'SLUICE_CURATE_LIST_BUSY' });
  });

  it('loses a day that is taken out, if the day is still as it was seen', async () => {
    const { list, takeOut, days, settle } = startDayList();
    await settle([named('a')]);
    await list(OTHER, listed('v1'));
    await list(DAY, listed('v2'));
    for (const seen of [listed('v1'), listed('v2', { shape: 'x' }), listed('v2', { fingerprint: 'x' })])
      await takeOut(DAY, seen);
    expect(Object.keys(await days()).sort()).toEqual([OTHER, DAY]);
    expect(await takeOut(DAY, listed('v2'))).toEqual({ left: [DAY], uncounted: [] });
    expect(await days()).toEqual({ [OTHER]: listed('v1') });
  });

  it('keeps a day that has lost raw files, and marks it', async () => {
    const { list, takeOut, days, settle, rawFiles } = startDayList();
    await settle([named('a'), named('gone')]);
    await list(DAY, listed('v1'));
    expect(await takeOut(DAY, listed('v1'))).toEqual({ left: [], uncounted: [] });
    expect(await days()).toEqual({ [DAY]: listed('v1', { keeps: true }) });
    rawFiles.set(DAY, [file('a'), file('gone')]);
    expect(await takeOut(DAY, listed('v1', { keeps: true }))).toMatchObject({ left: [DAY] });
    expect(await days()).toEqual({});
  });

  it('reports a day whose lost files no version has counted, once the writer can no longer have taken them back', async () => {
    const { clock, list, takeOut, settle } = startDayList();
    const uncounted = async () => (await takeOut(DAY, listed('v1'))).uncounted;
    await list(DAY, listed('v1'));
    await settle([named('gone')]);
    clock.advance(TAKEN_BACK_MS);
    expect(await uncounted()).toEqual([]);
    clock.advance(1);
    expect(await uncounted()).toEqual([DAY]);
    await settle([], { kept: { files: [named('gone')], rows: 1, since: 0 } });
    clock.advance(TAKEN_BACK_MS + 1);
    expect(await uncounted()).toEqual([]);
    // The night tries one again that failed.
    await settle([named('gone')], {}, 'failed');
    clock.advance(TAKEN_BACK_MS + 1);
    expect(await uncounted()).toEqual([]);
  });

  it('loses a day that is taken out and whose entry of the ledger cannot be read', async () => {
    const { store, list, takeOut, days } = startDayList();
    await list(DAY, listed('v1'));
    await store.write(ledgerKey('curated', 'events', DAY), '{}');
    expect(await takeOut(DAY, listed('v1'))).toMatchObject({ left: [DAY] });
    expect(await days()).toEqual({});
  });

  it('is empty if it cannot be read', async () => {
    const { store, list, days } = startDayList();
    await list(DAY, listed('v1'));
    await store.write(curatedDaysKey('events'), '{');
    expect(await days()).toEqual({});
  });
});
