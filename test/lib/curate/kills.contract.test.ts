import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import type { Curator } from '../../../lib/curate/Curator.ts';
import { curateFiles } from '../../../lib/curate/engine/curateFiles.ts';
import type { CurateTask } from '../../../lib/curate/messageBodies.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { curatedSubject, VERSION_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { withoutNote } from '../../harness/shortPages.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

const FOLDER = `statsig/ingested/curated_exposures/${DAY}/`;

let curations: Curations;
/** The task of a day that was curated, and is curated again because of a late file. */
let task: CurateTask;
beforeEach(async () => {
  curations = await startCurations();
  await curations.land('a', exposures(0, 20));
  await curations.night();
  // A late file: the day is out of the list, and is curated again in the next night.
  const key = await curations.land('b', exposures(10, 40, DAY, '11:00:00'));
  await curations.plan(curations.fileEvent(key));
  curations.nextNight();
  const queued = await curations.task();
  if (queued === undefined) throw new Error('no task');
  task = queued;
});
afterEach(() => curations.close());

/** The folder of the day's curated partition. */
async function location(): Promise<string> {
  const folder = await curations.curatedLocation();
  if (folder === null) throw new Error('no partition');
  return folder;
}

/** Asserts that the day is settled with all rows, and that the views read it. */
async function expectWhole(): Promise<void> {
  await curations.check();
  expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
  await curations.expectRead(40);
  expect(await curations.rowsUnder(await location())).toHaveLength(40);
  const entry = await curations.entry();
  expect(entry).toMatchObject({
    state: 'succeeded',
    rows: { in: 50, out: 40, refused: 0 },
    curated: { account: { rawRows: 50, rows: 40, resends: 10 } },
  });
  expect(entry?.superseded.map(({ version }) => version)).not.toContain(entry?.version);
}

/** Sweeps until no version is left to delete, and asserts that the one that is read is the only one. */
async function expectSwept(): Promise<void> {
  // The first deletes versions whose notes are due; the second those that were begun, whose notes are due later.
  for (const _ of [1, 2]) {
    curations.clock.advance(2 * DAY_MS);
    await curations.sweep();
  }
  expect(await curations.keys(VERSION_NOTES)).toEqual([]);
  const folder = await location();
  expect((await curations.keys(FOLDER)).filter((key) => !key.startsWith(folder))).toEqual([]);
  await curations.expectRead(40);
}

describe('a task that is killed', () => {
  // The points behind which a plan can finish the task: its version is in the ledger. curateTask.contract.test.ts goes
  // through all points.
  it.each([{ point: 'recorded' }, { point: 'moved' }, { point: 'settled' }] as const)(
    'at $point, and whose message is lost, is finished by the next plan, and its other versions are deleted',
    async ({ point }) => {
      await curations.kill(task, point);
      curations.nextNight();
      await curations.night();
      await expectWhole();
      await expectSwept();
    },
  );

  it('and finished by the next plan is curated again when its file is gone', async () => {
    await curations.kill(task, 'moved');
    curations.nextNight();
    await curations.night();
    const [file = ''] = await curations.keys(await location());
    await curations.remove(file);
    await curations.check();
    expect(await curations.viewDays()).toEqual({ exposures: [], events: [] });
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    await expectWhole();
  });

  it('before it is settled, and finished by the next plan, knows what an erasure did meanwhile', async () => {
    await curations.kill(task, 'moved');
    curations.clock.advance(HOUR_MS);
    const erasure = { id: 'e1', at: curations.clock.now(), endedAt: curations.clock.now() };
    const subject = curatedSubject(curations.config, 'exposures', DAY);
    await curations.ledger.change(subject, (entry) => ({ entry: noteErasure(entry, erasure) }));
    curations.clock.advance(23 * HOUR_MS);
    await curations.night();
    expect(await curations.entry()).toMatchObject({ state: 'succeeded', erasures: [erasure] });
  });

  it('once it has noted a version to delete, and whose message is lost, keeps the version that queries read', async () => {
    const before = await location();
    await curations.kill(task, 'noted');
    // The note is due a few minutes after the next task replaces the version.
    curations.clock.advance(DAY_MS - 5 * MINUTE_MS);
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    curations.clock.advance(10 * MINUTE_MS);
    await curations.sweep();
    expect(await curations.keys(before)).not.toEqual([]);
    await expectWhole();
    await expectSwept();
  });

  it('is settled as failed after the maximum number of killed attempts, and is read from the raw table', async () => {
    const run = { tries: 2 };
    for (let tries = 0; tries < run.tries; tries += 1) {
      expect(await curations.curate(task, { killAt: 'uploaded', run })).toBe('killed');
      curations.endLease();
    }
    expect(await curations.curate(task, { run })).toMatchObject({
      outcome: 'failed',
      failure: { code: 'SLUICE_CURATE_KILLED' },
    });
    expect(await curations.entry()).toMatchObject({
      state: 'failed',
      failure: { code: 'SLUICE_CURATE_KILLED' },
    });
    await curations.expectRead(40);
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
  });

  it('is settled as failed by the last delivery of its message if all others were killed', async () => {
    const tries = 3;
    for (let receives = 1; receives < tries; receives += 1) {
      expect(await curations.curate(task, { killAt: 'curated', run: { tries } })).toBe('killed');
      curations.endLease();
    }
    const last = { killAt: 'curated', run: { tries, isLastAttempt: true } } as const;
    expect(await curations.curate(task, last)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'SLUICE_CURATE_KILLED', message: expect.stringContaining('2 tries') },
    });
    expect(await curations.entry()).toMatchObject({ state: 'failed', attempts: 3 });
    expect((await curations.entry())?.queued).toBeUndefined();
  });
});

describe('a task that does not get done', () => {
  it('is handed back while a note of a version is not written: nobody would delete its files', async () => {
    for (const nth of [1, 2]) {
      const curator = { landing: withoutNote(curations.makeCurator().landing, nth) };
      expect(await curations.curate(task, { curator })).toMatchObject({ outcome: 'handed_back' });
    }
    expect(await curations.curate(task)).toMatchObject({ outcome: 'curated' });
    await expectWhole();
    await expectSwept();
  });

  it('is settled as failed when the time is over twice in a row: the work takes as long at each try', async () => {
    const late = async () => {
      const stop = new AbortController();
      return curations.curate(task, {
        at: { curated: async () => stop.abort() },
        run: { signal: stop.signal },
      });
    };
    const failure = { code: 'SLUICE_CURATE_OUT_OF_TIME' };
    expect(await late()).toMatchObject({ outcome: 'handed_back', failure });
    expect((await curations.entry())?.lease).toBeUndefined();
    expect(await late()).toMatchObject({ outcome: 'failed', failure });
    expect(await curations.entry()).toMatchObject({ state: 'failed', failure });
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
  });

  it('moves no partition once its time is over, and is published by the next try', async () => {
    const before = await location();
    const stop = new AbortController();
    const late = { at: { checked: async () => stop.abort() }, run: { signal: stop.signal } };
    expect(await curations.curate(task, late)).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_CURATE_OUT_OF_TIME' },
    });
    expect(await location()).toBe(before);
    expect(await curations.curate(task)).toMatchObject({ outcome: 'curated' });
    expect(await location()).not.toBe(before);
    await expectWhole();
  });

  type Count = 'resends' | 'rawRows' | 'rows' | 'sliceRows';
  /** An engine that counts one too many of each of these. */
  const counting = (...members: readonly Count[]): Pick<Curator, 'curate'> => ({
    curate: async (request) => {
      const { account, ...made } = await curateFiles(request);
      const more = Object.fromEntries(members.map((member) => [member, account[member] + 1]));
      return { ...made, account: { ...account, ...more } };
    },
  });
  const failure = { code: 'SLUICE_CURATE_COUNTS_DIFFER' };

  it.each<{ count: Count }>([{ count: 'resends' }, { count: 'rawRows' }, { count: 'rows' }])(
    'makes its slice again when its $count are one too many, and fails the second time',
    async ({ count }) => {
      const curator = counting(count);
      const before = await location();
      expect(await curations.curate(task, { curator })).toMatchObject({ outcome: 'handed_back', failure });
      expect(await curations.curate(task, { curator })).toMatchObject({ outcome: 'failed', failure });
      expect(await location()).toBe(before);
      curations.nextNight();
      expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    },
  );

  it('fails at once when its slices add up and the day does not: no slice would be made again', async () => {
    const before = await location();
    expect(await curations.curate(task, { curator: counting('sliceRows', 'resends') })).toMatchObject({
      outcome: 'failed',
      failure,
    });
    expect(await location()).toBe(before);
  });
});
