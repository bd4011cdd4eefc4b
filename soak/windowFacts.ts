import { type Consequence, faultKinds } from './faultKinds.ts';
import type { Ledger, SoakWindow } from './Ledger.ts';

/**
 * Windows whose events a fault may still strike: records wait in the stream or the landing while up to three windows pass. And
 * the one after, in which the faults' last work ends.
 */
const REACH = { before: 3, after: 1 };
/** A window and what may have become of its events by design. */
export interface WindowFacts {
  readonly window: number;
  /** Its kind; `A + B` with the faults of two. */
  readonly name: string;
  readonly first: number;
  readonly count: number;
  /** When the window began and ended, epoch milliseconds by the local clock; the last window has no end. */
  readonly from: number;
  readonly until: number;
  readonly struck: number;
  readonly may: Readonly<Record<Consequence, boolean>>;
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
        expire: near.some((nearWindow) => has(nearWindow, 'expire')),
        drop: has(window, 'drop'),
      },
    };
  });
}
