import { type Consequence, faultKinds } from './faultKinds.ts';
import type { Ledger, SoakWindow } from './Ledger.ts';

/**
 * Windows whose events a fault may still strike: records wait in the stream or the landing while up to three windows pass. And
 * the one after, in which the faults' last work ends.
 */
const REACH = { before: 3, after: 1 };
/**
 * How long after a hold began a stream may still get rows, milliseconds: an idle environment answers its first request by
 * what it knew (docs/operate.md, "A stream delivers late").
 */
const HOLD_LATENCY_MS = 15 * 60_000;

/** A window and what may have become of its events by design. */
export interface WindowFacts {
  readonly window: number;
  /** Its kind; `A + B` with the faults of two. */
  readonly name: string;
  readonly first: number;
  readonly count: number;
  /** From when to when it took, epoch milliseconds by the local clock; the last one has no end. */
  readonly from: number;
  readonly until: number;
  readonly struck: number;
  readonly may: Readonly<Record<Consequence, boolean>>;
}

/** A time in which nothing should arrive on a stream: as {@link WindowFacts} has times. */
export interface HeldTime {
  /** The name that Sluice has for it. */
  readonly stream: string;
  readonly from: number;
  readonly until: number;
}

/** The kinds of a window. */
export function kindsOf({ kind, beside }: SoakWindow): readonly string[] {
  return beside === undefined ? [kind] : [kind, beside];
}

/** All windows of a run. Consequences that reach further than their window are allowed to its neighbours, too. */
export function windowFacts(ledger: Ledger): readonly WindowFacts[] {
  const mayBy = new Map(faultKinds(1).map(({ name, may }) => [name, may]));
  const { windows } = ledger;
  const has = (window: SoakWindow, consequence: Consequence) =>
    kindsOf(window).some((name) => mayBy.get(name)?.includes(consequence) === true);
  return windows.map((window, at) => {
    const near = windows.slice(Math.max(0, at - REACH.after), at + REACH.before + 1);
    return {
      window: window.window,
      name: kindsOf(window).join(' + '),
      first: window.first,
      count: window.count,
      from: window.clock,
      until: windows[at + 1]?.clock ?? Number.MAX_SAFE_INTEGER,
      struck: kindsOf(window).reduce((sum, name) => sum + ledger.struck(name, window.window), 0),
      may: {
        expire: near.some((one) => has(one, 'expire')),
        drop: has(window, 'drop'),
        'hold-late': has(window, 'hold-late'),
      },
    };
  });
}

/** When each stream was held, less the first minutes, in which it may still get rows. */
export function heldTimes({ holds }: Pick<Ledger, 'holds'>): readonly HeldTime[] {
  const times = new Map<string, { stream: string; from: number; until: number }>();
  for (const { held, released } of holds) {
    for (const [stream, since] of Object.entries(held)) {
      const from = Date.parse(since) + HOLD_LATENCY_MS;
      const key = `${stream} ${since}`;
      if (!times.has(key)) times.set(key, { stream, from, until: Number.MAX_SAFE_INTEGER });
    }
    for (const time of times.values()) {
      const end = Date.parse(released[time.stream] ?? '');
      if (time.until === Number.MAX_SAFE_INTEGER && end >= time.from - HOLD_LATENCY_MS) time.until = end;
    }
  }
  return [...times.values()];
}
