import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Curator } from '../../../lib/curate/Curator.ts';
import { curateFiles } from '../../../lib/curate/engine/curateFiles.ts';
import type { CurateTask } from '../../../lib/curate/messageBodies.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { curatedSubject, VERSION_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { withoutNote } from '../../harness/shortPages.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

const FOLDER = `statsig/ingested/curated_exposures/${DAY}/`;
const TWO_DAYS_MS = 2 * 86_400_000;

describe('a task that is killed', () => {
  let curations: Curations;
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

  const versions = async () =>
    new Set((await curations.keys(FOLDER)).map((key) => key.slice(FOLDER.length).split('/')[0]));

  async function expectWhole() {
    await curations.check();
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
    await curations.expectRead(40);
    const location = (await curations.curatedLocation()) ?? '';
    expect(await curations.rowsUnder(location)).toHaveLength(40);
    const entry = await curations.entry();
    expect(entry).toMatchObject({
      state: 'succeeded',
      rows: { in: 50, out: 40, refused: 0 },
      curated: { account: { rawRows: 50, rows: 40, resends: 10 } },
    });
    expect(entry?.superseded.map(({ version }) => version)).not.toContain(entry?.version);
    curations.clock.advance(TWO_DAYS_MS);
    await curations.sweep();
    expect((await versions()).size).toBe(1);
    curations.clock.advance(TWO_DAYS_MS);
    await curations.sweep();
    expect(await curations.keys(VERSION_NOTES)).toEqual([]);
    await curations.expectRead(40);
    const [file = ''] = await curations.keys(FOLDER);
    await curations.remove(file);
    await curations.check();
    expect(await curations.viewDays()).toEqual({ exposures: [], events: [] });
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    expect(await curations.curatedRows()).toHaveLength(40);
    await curations.check();
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
  }

  it.each([{ point: 'recorded' }, { point: 'moved' }, { point: 'settled' }] as const)(
    'at $point and whose message is lost is finished by the next plan',
    async ({ point }) => {
      await curations.kill(task, point);
      curations.nextNight();
      await curations.night();
      await expectWhole();
    },
  );

  it('at moved and settled by the next plan still knows what an erasure did since it had listed files', async () => {
    await curations.kill(task, 'moved');
    curations.clock.advance(3_600_000);
    const erasure = { id: 'e1', at: curations.clock.now(), endedAt: curations.clock.now() };
    const subject = curatedSubject(curations.config, 'exposures', DAY);
    await curations.ledger.change(subject, (entry) => ({ entry: noteErasure(entry, erasure) }));
    curations.clock.advance(82_800_000);
    await curations.night();
    expect(await curations.entry()).toMatchObject({ state: 'succeeded', erasures: [erasure] });
  });

  it('at noted and whose message is lost deletes nothing that queries have read until the next night', async () => {
    const before = (await curations.curatedLocation()) ?? '';
    await curations.kill(task, 'noted');
    // The note is due a few minutes after the next task replaces the version.
    curations.clock.advance(86_400_000 - 300_000);
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    curations.clock.advance(600_000);
    await curations.sweep();
    expect(await curations.keys(before)).not.toEqual([]);
    await expectWhole();
  });

  it('is settled as failed after the maximum number of killed attempts, and is read from the raw table', async () => {
    const run = { tries: 2 };
    for (const _ of [1, 2]) {
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

  it('is handed back while a note of a version is not written: nobody would delete its files', async () => {
    for (const nth of [1, 2]) {
      const curator = { landing: withoutNote(curations.makeCurator().landing, nth) };
      expect(await curations.curate(task, { curator })).toMatchObject({ outcome: 'handed_back' });
    }
    expect(await curations.curate(task)).toMatchObject({ outcome: 'curated' });
    await expectWhole();
  });

  it('is settled as failed by the last delivery of its message if the one before was killed', async () => {
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

  it('is settled as failed when the time is over twice in a row: it is not shorter at the next try', async () => {
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
    const before = await curations.curatedLocation();
    const stop = new AbortController();
    const late = { at: { checked: async () => stop.abort() }, run: { signal: stop.signal } };
    expect(await curations.curate(task, late)).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_CURATE_OUT_OF_TIME' },
    });
    expect(await curations.curatedLocation()).toBe(before);
    expect(await curations.curate(task)).toMatchObject({ outcome: 'curated' });
  });

  it('makes its part again when the counts of its version do not add up, and fails the second time', async () => {
    type Count = 'resends' | 'rawRows' | 'rows' | 'sliceRows';
    /** Counts one too many. */
    const counting = (...members: readonly Count[]): { curator: Pick<Curator, 'curate'> } => ({
      curator: {
        curate: async (request) => {
          const { account, ...made } = await curateFiles(request);
          const more = Object.fromEntries(members.map((member) => [member, account[member] + 1]));
          return { ...made, account: { ...account, ...more } };
        },
      },
    });
    const failure = { code: 'SLUICE_CURATE_COUNTS_DIFFER' };
    expect(await curations.curate(task, counting('resends'))).toMatchObject({
      outcome: 'handed_back',
      failure,
    });
    expect(await curations.curate(task, counting('rawRows'))).toMatchObject({ outcome: 'failed', failure });
    curations.nextNight();
    const again = await curations.task();
    expect(await curations.curate(again, counting('rows'))).toMatchObject({
      outcome: 'handed_back',
      failure,
    });
    // The slice adds up, but the day does not: it was made of another number of raw rows.
    const before = await curations.curatedLocation();
    expect(await curations.curate(again, counting('sliceRows', 'resends'))).toMatchObject({
      outcome: 'failed',
      failure,
    });
    expect(await curations.curatedLocation()).toBe(before);
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
  });
});
