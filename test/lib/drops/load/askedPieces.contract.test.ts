import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { plannedTask } from './planDay.ts';
import { DAY, ends, type Loads } from './startLoads.ts';

let pieces: DayInPieces;
let loads: Loads;
beforeEach(async () => {
  pieces = await DayInPieces.start();
  ({ loads } = pieces);
});
afterEach(() => loads.close());

describe('a day in pieces that somebody asks for', () => {
  it.each(['keep', 'empty'] as const)(
    'ends before what a person accepts of it (%s) holds',
    async (reason) => {
      await pieces.dropThree();
      await ends(loads.loadInPieces(), 'succeeded');
      for (const name of ['a', 'b', 'c']) await loads.dropEvents(name, 0, 0);
      const task = await plannedTask(loads, DAY);
      await ends(pieces.loadPiece(task), 'piece', { done: 1 });
      const accepted = await plannedTask(loads, DAY, reason);
      await ends(pieces.loadPiece(accepted), 'piece', { done: 2, pieces: 3 });
      await pieces.runSent();
      const isKept = reason === 'keep';
      const state = isKept ? 'succeeded' : 'succeeded_no_data';
      await loads.expectEntry({ state, accepted: true });
      expect(await loads.read()).toHaveLength(isKept ? 6 : 0);
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
      const { version } = (await loads.entry())?.run ?? {};
      if (differs) await loads.dropEvents('d', 6, 8);
      const { fingerprint } = await plannedTask(loads, DAY, 'backfill');
      // The chain's own message waits behind it.
      const asked = { reason, fingerprint, at: { recorded: pieces.later } };
      await ends(loads.load(asked), 'piece', { done: 2, pieces: 3 });
      await loads.expectEntry({ run: { version } });
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
      noted.push(await loads.load({ reason: 'backfill', fingerprint: 'of them' }));
      await loads.dropEvents('b', 2, 4);
      await pieces.later();
    };
    await ends(loads.load({ at: { recorded } }), 'piece', { done: 1 });
    expect(noted).toEqual([{ outcome: 'noted' }]);
    const outcomes = await pieces.runSent();
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'unchanged' });
    await loads.expectEvents(0, 6);
  });

  it('is asked for again by who wants another load than the one under way, after a quarter of its time', async () => {
    await pieces.dropThree();
    const { fingerprint } = await plannedTask(loads, DAY);
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
        { reason: 'backfill', fingerprint, config: loads.configWith({ refusedShare: 0.9 }) },
      ] as const) {
        const loaded = await loads.load({ ...asked, loader: { tasks, ...(config && { config }) } });
        outcomes.push(loaded === 'killed' ? loaded : loaded.outcome);
      }
    };
    await loads.load({ at: { recorded } });
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
    for (const killAt of ['recorded', 'mapped'] as const) await loads.kill({ killAt });
    await ends(loads.load({ reason: 'backfill', fingerprint: 'of them' }), 'failed');
    expect(await pieces.runSent()).toContainEqual(
      expect.objectContaining({ outcome: 'succeeded', rows: SUM }),
    );
  });

  it('takes an acceptance for the files that it was said of, also after a deployment', async () => {
    await pieces.dropThree();
    await loads.loadInPieces();
    const accepted = await plannedTask(loads, DAY, 'empty');
    for (const name of ['a', 'b', 'c']) await loads.dropEvents(name, 0, 0);
    // The folder is another than when a person accepted it.
    await ends(pieces.loadPiece(accepted), 'piece');
    const task = loads.sentTask();
    const loader = { config: loads.configWith({ refusedShare: 0.9 }) };
    await ends(loads.loadInPieces({ ...task, loader }), 'inputs_missing');
    await loads.expectEvents(0, 6);
  });
});
