import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { loadFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import type { IngestTask, PlanRequest } from '../../../../lib/drops/plan/messageBodies.ts';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { isReadVersion } from '../../../../lib/ledger/movePartition.ts';
import { VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { planDay } from './planDay.ts';
import { type LoadOptions, readEvents, someEvents, startLoads } from './startLoads.ts';

const SETTLE_MS = 10 * MINUTE_MS;
const RUNS = 12;

const file = fc.constantFrom('a', 'a', 'a', 'b');
/** Of `none` a file has no rows. */
const content = fc.constantFrom('one', 'one', 'two', 'two', 'none');
const point = fc.constantFrom(...loadFaultPoints, 'moved', 'moved', 'moved');
/** Before each step; most are enough for files to settle, or a lease to end. */
const ms = fc.constantFrom(0, 700_000, 700_000, LEASE_MS + 1, LEASE_MS + 1, 7 * HOUR_MS, 25 * HOUR_MS);
const does = <Name extends string, Rest extends object>(
  weight: number,
  name: Name,
  rest: fc.Arbitrary<Rest>,
) => ({
  weight,
  arbitrary: fc.tuple(rest, ms).map(([more, wait]) => ({ does: name, ms: wait, ...more })),
});
const nothing = fc.constant({});
/** The next step of the day; messages stay on the queue, in their order, until they are done. */
const step = fc.oneof(
  does(6, 'drop', fc.record({ file, content })),
  does(2, 'remove', fc.record({ file })),
  does(3, 'rewrite from then on', fc.record({ file })),
  does(6, 'plan', nothing),
  does(2, 'ask', fc.record({ asked: fc.constantFrom('triggered', 'backfill', 'keep', 'empty') })),
  does(3, 'load', fc.record({ again: fc.boolean() })),
  does(5, 'kill', fc.record({ point })),
  does(1, 'two at once', nothing),
  does(1, 'overtake', fc.record({ point })),
  does(1, 'change meanwhile', fc.record({ point, file, content })),
  does(2, 'lose the answer to the move', nothing),
  does(2, 'sweep', nothing),
);
/** Steps that change nothing that queries read. */
const QUIET: ReadonlySet<Step['does']> = new Set(['drop', 'remove', 'plan', 'ask']);
const ASKED: readonly string[] = ['triggered', 'backfill', 'keep', 'empty'];
const usersOf = (read: readonly string[] | null) => (read ?? []).map((row) => row.split(' ')[0]);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const bytes = new Map<string, Uint8Array>();
let days = 0;
const loads = await startLoads({}, [], SETTLE_MS / MINUTE_MS);
for (const name of ['one', 'two', 'none']) {
  const rows = name === 'none' ? 0 : 2;
  bytes.set(`a ${name}`, await parquetOf(someEvents(0, rows, name)));
  bytes.set(`b ${name}`, await parquetOf(someEvents(2, 2 + rows, name)));
}
afterAll(() => loads.close());

describe('after any sequence of changes to a day', () => {
  /** One day and all that is known of it. */
  function startDay() {
    days += 1;
    const day = addDays('2020-01-01', days);
    const there = new Map<string, string>();
    const queue: IngestTask[] = [];
    const rows = () =>
      [...there]
        .filter(([, fileKind]) => fileKind !== 'none')
        .flatMap(([name, fileKind]) =>
          name === 'a' ? readEvents(0, 2, fileKind) : readEvents(2, 4, fileKind),
        )
        .sort();
    /** Every state that the folder was in, and when first. */
    const states = new Map<string, number>();
    let isEmptied = false;
    const change = async (name: string, to?: string) => {
      if (to === undefined) {
        there.delete(name);
        await loads.remove(`${name}.parquet`, day);
      } else {
        there.set(name, to);
        await loads.drop(`${name}.parquet`, bytes.get(`${name} ${to}`) ?? '', day);
      }
      const state = JSON.stringify(rows());
      states.set(state, states.get(state) ?? loads.clock.now());
    };
    const plan = async (asked?: PlanRequest['asked']) => {
      isEmptied ||= asked === 'empty';
      if (asked !== undefined) states.set(JSON.stringify(rows()), Number.NEGATIVE_INFINITY);
      queue.push(...(await planDay(loads, day, asked)).tasks);
    };
    /** Whether the ledger knows what queries read: a load that was killed may have left it behind. */
    const isKnown = async () => {
      const version = { table: 'acme_events', day, version: (await loads.entry(day))?.version };
      return isReadVersion(loads.makeLoader(), version, Number.POSITIVE_INFINITY);
    };
    /** The first message of the queue; it goes when its load has ended, unless it is delivered again. */
    const load = async (how: LoadOptions = {}, again = false) => {
      const [task] = queue;
      if (task === undefined) return;
      const loaded = await loads.load({ ...task, ...how });
      const ended = loaded !== 'killed' && !['busy', 'handed_back', 'settling'].includes(loaded.outcome);
      if (ended && !again) queue.shift();
    };
    return {
      day,
      there,
      rows,
      states,
      isKnown,
      queue,
      change,
      plan,
      load,
      /** Whether a person has accepted that the day is empty. */
      get isEmptied() {
        return isEmptied;
      },
    };
  }
  type Day = ReturnType<typeof startDay>;

  async function take({ change, plan, load }: Day, what: Step): Promise<void> {
    loads.clock.advance(what.ms);
    switch (what.does) {
      case 'drop':
        return change(what.file, what.content);
      case 'remove':
        return change(what.file);
      case 'rewrite from then on':
        // All goes, and one comes back; the message is there meanwhile.
        for (const name of ['a', 'b']) await change(name);
        await load();
        return change(what.file, 'two');
      case 'plan':
        return plan();
      case 'ask':
        return plan(what.asked);
      case 'load':
        return load({}, what.again);
      case 'kill':
        return load({ killAt: what.point });
      case 'two at once':
        await Promise.all([load({}, true), load({}, true)]);
        return;
      case 'overtake': {
        const other = async () => {
          loads.clock.advance(LEASE_MS + 1);
          await load({}, true);
        };
        return load({ at: { [what.point]: other } });
      }
      case 'change meanwhile':
        return load({ at: { [what.point]: () => change(what.file, what.content) } });
      case 'lose the answer to the move': {
        const { catalog } = loads.makeLoader();
        const batchUpdate: typeof catalog.batchUpdate = async (...asked) => {
          await catalog.batchUpdate(...asked);
          throw new CatalogCallError({
            code: 'InternalServiceException',
            message: 'lost',
            isTransient: false,
          });
        };
        return load({ loader: { catalog: { ...catalog, batchUpdate } } });
      }
      case 'sweep':
        await loads.sweep();
        return;
    }
  }

  it('queries read one state of its folder and finally the last one, as the ledger says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 16 }), async (steps) => {
        const world = startDay();
        const { day, change, plan, load, queue, states } = world;
        await change('a', 'one');
        await plan('backfill');
        await load();
        for (const drawn of steps) {
          const known = await world.isKnown();
          const before = await loads.read(day);
          const [task] = queue;
          await take(world, drawn);
          if (QUIET.has(drawn.does)) continue;
          const read = await loads.read(day);
          const since = states.get(JSON.stringify(read));
          expect(since).toBeDefined();
          // Rows go when their file was missed a while ago, and not before; what lay between, nobody may have seen.
          const isAsked = task?.reason !== undefined && ASKED.includes(task.reason);
          // A day is emptied only if a person has accepted that.
          if (known && before !== null && before.length > 0 && read?.length === 0)
            expect(world.isEmptied).toBe(true);
          if (known && !isAsked && usersOf(before).some((user) => !usersOf(read).includes(user)))
            expect(since).toBeLessThanOrEqual(loads.clock.now() - SETTLE_MS);
        }
        const kept = await loads.read(day);
        for (let run = 1; run <= 4; run += 1) {
          loads.clock.advance(13 * HOUR_MS);
          await plan();
          for (let tries = 1; queue.length > 0; tries += 1) {
            expect(tries).toBeLessThan(40);
            await load();
            loads.clock.advance(SETTLE_MS);
          }
        }
        for (let night = 1; night <= 2; night += 1) {
          loads.clock.advance(25 * HOUR_MS);
          await loads.sweep();
        }
        const read = await loads.read(day);
        const entry = await loads.entry(day);
        const hasRows = world.rows().length > 0;
        if (hasRows) {
          expect(read).toEqual(world.rows());
          expect(entry?.state).toBe('succeeded');
          expect(entry?.files.flatMap(({ key, fate }) => (fate === 'loaded' ? [key] : []))).toEqual(
            [...world.there.keys()].sort().map((name) => `events/${day}/${name}.parquet`),
          );
        } else if (read?.length === 0) {
          expect(world.isEmptied).toBe(true);
          expect(entry?.state).toBe('succeeded_no_data');
        } else {
          expect(read).toEqual(kept);
          expect(entry?.state).toBe(entry?.accepted === true ? 'succeeded' : 'inputs_missing');
          expect(entry?.missingSince).toBeDefined();
        }
        expect(await world.isKnown()).toBe(true);
        const versions = (await loads.keys(`statsig/ingested/acme_events/${day}/`)).map((key) =>
          key.split('/').at(-2),
        );
        expect([...new Set(versions)]).toEqual(read?.length === 0 ? [] : [entry?.version]);
        expect((await loads.keys(VERSION_NOTES)).filter((key) => key.includes(day))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
