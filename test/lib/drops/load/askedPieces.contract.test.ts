import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { plannedTask } from './planDay.ts';
import { DAY, readEvents, someEvents } from './startLoads.ts';

let pieces: DayInPieces;
beforeEach(async () => {
  pieces = await DayInPieces.start();
});
afterEach(() => pieces.loads.close());

describe('a day in pieces that somebody asks for', () => {
  it.each(['keep', 'empty'] as const)(
    'ends before what a person accepts of it (%s) holds',
    async (reason) => {
      await pieces.dropThree();
      expect(await pieces.loads.loadInPieces()).toMatchObject({ outcome: 'succeeded' });
      for (const name of ['a', 'b', 'c']) await pieces.drop(name, someEvents(0, 0));
      const task = await plannedTask(pieces.loads, DAY);
      expect(await pieces.loadPiece(task)).toMatchObject({ done: 1 });
      const accepted = await plannedTask(pieces.loads, DAY, reason);
      expect(await pieces.loadPiece(accepted)).toMatchObject({
        done: 2,
        pieces: 3,
      });
      await pieces.runSent();
      const isKept = reason === 'keep';
      const state = isKept ? 'succeeded' : 'succeeded_no_data';
      expect(await pieces.loads.entry()).toMatchObject({ state, accepted: true });
      expect(await pieces.loads.read()).toHaveLength(isKept ? 6 : 0);
    },
  );

  it.each([
    { reason: 'changed', differs: true, ended: [6, 8] },
    { reason: 'backfill', differs: true, ended: [6, 8] },
    { reason: 'backfill', differs: false, ended: [6] },
  ] as const)(
    'ends before it is loaded again for $reason between two pieces, if it differs: $differs',
    async ({ reason, differs, ended }) => {
      await pieces.dropThree();
      await pieces.loadPiece({ reason: 'retried' });
      const { version } = (await pieces.loads.entry())?.run ?? {};
      if (differs) await pieces.drop('d', someEvents(6, 8));
      const { fingerprint } = await plannedTask(pieces.loads, DAY, 'backfill');
      // The chain's own message waits behind it.
      const asked = { reason, fingerprint, at: { recorded: pieces.later } };
      expect(await pieces.loads.load(asked)).toEqual({ outcome: 'piece', done: 2, pieces: 3 });
      expect(await pieces.loads.entry()).toMatchObject({ run: { version } });
      const outcomes = await pieces.runSent();
      const rows = outcomes
        .filter(({ outcome }) => outcome === 'succeeded')
        .map((outcome) => 'rows' in outcome && outcome.rows.out);
      expect(rows).toEqual(ended);
    },
  );

  it('is loaded again for who asked while a piece is made, and after a run that failed', async () => {
    await pieces.dropThree();
    await pieces.drop('b', damaged);
    const noted: unknown[] = [];
    const recorded = async () => {
      noted.push(await pieces.loads.load({ reason: 'backfill', fingerprint: 'of them' }));
      await pieces.drop('b', someEvents(2, 4));
      await pieces.later();
    };
    expect(await pieces.loads.load({ at: { recorded } })).toMatchObject({ outcome: 'piece', done: 1 });
    expect(noted).toEqual([{ outcome: 'noted' }]);
    const outcomes = await pieces.runSent();
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'unchanged' });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
  });

  it('is asked for again by who wants another load than the one under way, after a quarter of its time', async () => {
    await pieces.dropThree();
    const { fingerprint } = await plannedTask(pieces.loads, DAY);
    const sources = pieces.loads.config.sources.map((source) => ({
      ...source,
      datasets: source.datasets.map((dataset) => ({ ...dataset, refusedShare: 0.9 })),
    }));
    const deployed = { config: { ...pieces.loads.config, sources } };
    const sent: unknown[] = [];
    const tasks: Loader['tasks'] = {
      send: async (bodies, delay) => {
        sent.push(...bodies.map((body) => [JSON.parse(body).reason, delay]));
      },
    };
    const outcomes: unknown[] = [];
    const recorded = async () => {
      await pieces.later();
      for (const { config, ...asked } of [
        { reason: 'new', fingerprint: 'as planned' },
        { reason: 'changed', fingerprint },
        { reason: 'retried', fingerprint },
        { reason: 'changed', fingerprint: 'another' },
        { reason: 'backfill', fingerprint },
        { reason: 'backfill', fingerprint, ...deployed },
      ] as const) {
        const loaded = await pieces.loads.load({ ...asked, loader: { tasks, ...(config && { config }) } });
        outcomes.push(loaded === 'killed' ? loaded : loaded.outcome);
      }
    };
    await pieces.loads.load({ at: { recorded } });
    expect(outcomes).toEqual(['busy', 'busy', 'busy', 'noted', 'noted', 'noted']);
    expect(sent).toEqual([
      ['changed', 150],
      // The load under way is what is asked for, unless it is by a former configuration.
      ['triggered', 150],
      ['backfill', 150],
    ]);
  });

  it('keeps what is asked of a day whose loads were killed each time', async () => {
    await pieces.dropThree();
    for (const killAt of ['recorded', 'mapped'] as const) {
      expect(await pieces.loads.load({ killAt })).toBe('killed');
      pieces.loads.clock.advance(LEASE_MS + 1);
    }
    expect(await pieces.loads.load({ reason: 'backfill', fingerprint: 'of them' })).toMatchObject({
      outcome: 'failed',
    });
    expect(await pieces.runSent()).toContainEqual(
      expect.objectContaining({ outcome: 'succeeded', rows: SUM }),
    );
  });

  it('takes an acceptance for the files that it was said of, also after a deployment', async () => {
    await pieces.dropThree();
    await pieces.loads.loadInPieces();
    const accepted = await plannedTask(pieces.loads, DAY, 'empty');
    for (const name of ['a', 'b', 'c']) await pieces.drop(name, someEvents(0, 0));
    // The folder is another than when a person accepted it.
    expect(await pieces.loadPiece(accepted)).toMatchObject({ outcome: 'piece' });
    const task = pieces.loads.sentTask();
    const sources = pieces.loads.config.sources.map((source) => ({
      ...source,
      datasets: source.datasets.map((dataset) => ({ ...dataset, refusedShare: 0.9 })),
    }));
    const loader = { config: { ...pieces.loads.config, sources } };
    expect(await pieces.loads.loadInPieces({ ...task, loader })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
  });
});
