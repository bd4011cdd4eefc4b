import { gunzipSync, gzipSync } from 'node:zlib';
import { encodeLines } from '../lib/landing/store/encodeLines.ts';
import type { Bench, BenchOptions, BenchRow } from './Bench.ts';
import { collectBodies, openCollector } from './collect/collectBodies.ts';
import { caseRows, median } from './measure.ts';

/** Events in the bodies of one round: enough to measure, and few enough that noise affects both sides equally. */
const EVENTS_PER_ROUND = 4_000;
/** Rounds of each case, whose median counts. */
const ROUNDS = 31;
/** Rounds before them, in which the machine compiles the code. */
const WARM_UP_ROUNDS = 12;
/** The seed of the first round; each next one has the next. */
const FIRST_SEED = 100;

const collect = openCollector();

/** All processing of a body up to the record for the stream. */
function ours(body: Uint8Array): Uint8Array | null {
  const { rows } = collect(body);
  return encodeLines(rows);
}

/** The minimum of any collector: decompress, parse, write each event once, compress what was written. */
function bare(body: Uint8Array): number {
  const { events } = JSON.parse(gunzipSync(body).toString());
  let text = '';
  for (const event of events) text += `${JSON.stringify(event)}\n`;
  return gzipSync(text, { level: 1 }).length;
}

/**
 * Microseconds of CPU time for all bodies. It includes all threads, so that V8's garbage collection and compilation count as
 * on a machine with one core, and excludes other processes. `kept` holds results, so that nothing is optimized away.
 */
function time(work: (body: Uint8Array) => unknown, bodies: readonly Uint8Array[], kept: unknown[]): number {
  const start = process.cpuUsage();
  for (const [i, body] of bodies.entries()) kept[i & 1] = work(body);
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** What one round of a case took. */
interface Round {
  /** Microseconds of {@link ours}. */
  readonly oursUs: number;
  /** Microseconds of {@link bare}. */
  readonly bareUs: number;
}

/** Measures batches of a number of events, beside what the bare work costs. */
function measure(eventsPerBody: number, at: BenchOptions['at']): readonly BenchRow[] {
  const name = `${eventsPerBody} ${eventsPerBody === 1 ? 'event' : 'events'}`;
  at(name);
  const count = Math.max(2, Math.round(EVENTS_PER_ROUND / eventsPerBody));
  const events = count * eventsPerBody;
  const kept: unknown[] = [];
  const rounds: Round[] = [];
  // Each round has different users, keys and values, so that caches of one round do not help the next. They are made
  // beforehand, so that neither side collects their garbage.
  const bodiesOf = Array.from({ length: WARM_UP_ROUNDS + ROUNDS }, (_, round) =>
    collectBodies({ eventsPerBody, bodies: count, seed: FIRST_SEED + round }),
  );
  for (const [made, bodies] of bodiesOf.entries()) {
    const round = made - WARM_UP_ROUNDS;
    // The order alternates, so that neither side always collects the other's garbage.
    const before = round % 2 === 0 ? time(bare, bodies, kept) : undefined;
    const oursUs = time(ours, bodies, kept);
    const bareUs = before ?? time(bare, bodies, kept);
    if (round >= 0) rounds.push({ oursUs, bareUs });
  }
  const row = caseRows(name);
  const usual = median(rounds.map(({ oursUs }) => oursUs));
  return [
    row('events_per_s', (events * 1_000_000) / usual, '1/s'),
    row('of_bare_limit', median(rounds.map(({ oursUs, bareUs }) => bareUs / oursUs)), 'ratio'),
    row('ms_a_request', usual / count / 1_000, 'ms'),
  ];
}

/**
 * decode → parse → normalize → pack of gzip bodies, half from browsers and half from servers. `events_per_s` is per second
 * of CPU time.
 */
const bench: Bench = {
  run: ({ at }) => Promise.resolve([1, 20, 100, 1000].flatMap((events) => measure(events, at))),
};
export default bench;
