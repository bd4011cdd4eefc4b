import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeRecord } from '../lib/landing/frames/encodeRecord.ts';
import { collectBodies, collectorFor } from './collect/collectBodies.ts';
import type { Bench } from './run.ts';

const EVENTS = 1_000_000;
const EVENTS_PER_BODY = 20;
/** Different bodies of a round; each round has different users, keys and values. */
const BODIES_PER_ROUND = 2_500;

const collectGarbage = garbageCollector();

/** V8's garbage collector, which needs a flag to be callable. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('This Node has no gc to expose.');
  return () => {
    Reflect.apply(collect, undefined, []);
  };
}

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The memory that the collector still holds after a million events of different users, after garbage collection. */
const bench: Bench = {
  name: 'memory',
  run: async ({ at }) => {
    const collect = collectorFor();
    let events = 0;
    let peak = 0;
    const round = (seed: number): void => {
      for (const body of collectBodies(EVENTS_PER_BODY, BODIES_PER_ROUND, seed)) {
        const { rows } = collect(body);
        encodeRecord({ id: '0'.repeat(32), request: null, receivedAt: 0, rows });
        events += EVENTS_PER_BODY;
      }
    };
    round(0); // Code and caches that are created once are not growth.
    const before = heldBytes();
    events = 0;
    const name = `${EVENTS.toLocaleString('en-GB')} events`;
    at(name);
    for (let seed = 1; events < EVENTS; seed += 1) {
      round(seed);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    const growth = heldBytes() - before;
    return [
      { case: name, metric: 'heap_growth_mb', value: growth / 2 ** 20, unit: 'MB' },
      { case: name, metric: 'peak_rss_mb', value: peak / 2 ** 20, unit: 'MB' },
    ];
  },
};
export default bench;
