import { afterEach, describe, expect, it } from '@jest/globals';
import { LateLooks } from './LateLooks.ts';

let looks: LateLooks;
afterEach(() => looks.ingest.close());

/** A dataset at whose first look no day has come. */
async function startWithFirstLook(): Promise<string> {
  looks = await LateLooks.begin();
  await looks.advanceToTen(1);
  await looks.look();
  return looks.today;
}

describe('the first day from which drops are expected', () => {
  it('is the day of the first look while none has come', async () => {
    const firstLook = await startWithFirstLook();
    expect(await looks.note()).toMatchObject({ first: { day: firstLook, hasCome: false }, open: [] });
    await looks.advanceHours(3 * 24);
    expect(looks.ago(3)).toBe(firstLook);
    await looks.expectLate(3, 2, 1);
  });

  it('is the day of the first look although that look has failed', async () => {
    looks = await LateLooks.begin();
    await looks.ingest.letNobodyIn();
    await looks.look();
    await looks.ingest.letIn();
    await looks.advanceToTen(3);
    await looks.expectLate(3, 2, 1);
  });

  it('is the first that comes afterwards', async () => {
    await startWithFirstLook();
    await looks.advanceHours(3 * 24);
    await looks.put(1);
    await looks.expectLate();
    expect(await looks.note()).toMatchObject({ first: { day: looks.ago(1), hasCome: true } });
  });

  it('is a day of the lookback that has a file at the first look, although it lacks its marker', async () => {
    looks = await LateLooks.begin({ waitFor: 'READY' });
    await looks.advanceToTen(1);
    await looks.put(1);
    await looks.expectLate(1);
    expect(await looks.note()).toMatchObject({ first: { day: looks.ago(1), hasCome: true } });
  });

  it('is an earlier day that comes after it', async () => {
    await startWithFirstLook();
    await looks.advanceHours(3 * 24);
    await looks.put(1);
    await looks.look();
    await looks.settle(2);
    await looks.advanceHours(24);
    await looks.look();
    expect(await looks.note()).toMatchObject({ first: { day: looks.ago(3), hasCome: true } });
  });

  it('is no day that somebody loaded by hand before the first look', async () => {
    await startWithFirstLook();
    await looks.settle(20);
    await looks.advanceHours(3 * 24);
    await looks.expectLate(3, 2, 1);
  });

  it('is no day that somebody loaded by hand, where a later one came within its lookback', async () => {
    looks = await LateLooks.begin();
    await looks.advanceHours(2 * 24);
    await looks.settle(1);
    await looks.advanceHours(5 * 24);
    await looks.settle(20, {});
    await looks.look();
    const late = [5, 4, 3, 2, 1].map((days) => ({ day: looks.ago(days) }));
    expect(await looks.note()).toMatchObject({ late });
  });

  it('is no day that a person accepted without files', async () => {
    const firstLook = await startWithFirstLook();
    await looks.advanceHours(3 * 24);
    await looks.settle(1, {
      state: 'succeeded_no_data',
      fingerprint: 'none',
      accepted: true,
    });
    await looks.expectLate(3, 2);
    expect(await looks.note()).toMatchObject({ first: { day: firstLook, hasCome: false } });
  });

  it('is known by the ledger, where that day has failed', async () => {
    looks = await LateLooks.begin();
    const failure = { code: 'SLUICE_X', message: 'Why.' };
    await looks.settle(2, { state: 'failed', failure });
    await looks.advanceToTen(1);
    await looks.look();
    expect(await looks.note()).toMatchObject({ first: { day: looks.ago(3), hasCome: true } });
  });

  it('stays for a dataset that was away for ten days', async () => {
    looks = await LateLooks.start();
    await looks.look();
    await looks.advanceHours(10 * 24);
    expect(Object(await looks.look()).late).toHaveLength(12);
  });

  it('is new for a dataset that comes back after a month', async () => {
    looks = await LateLooks.start();
    await looks.look();
    await looks.advanceHours(50 * 24);
    await looks.expectLate();
    expect(await looks.note()).toMatchObject({ first: { day: looks.today, hasCome: false } });
  });
});
