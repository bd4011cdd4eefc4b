import { type Consequence, faultKinds } from './faultKinds.ts';
import type { Ledger, SoakWindow } from './Ledger.ts';

/**
 * Which windows' faults may have events of a window expire, besides its own. Records wait in the stream or the landing
 * while up to three windows pass, whose faults strike them. And the last work of faults ends in the window after theirs.
 */
const STRUCK_BY = { faultsBefore: 1, faultsAfter: 3 } as const;

/** A window and what may have become of its events by design. */
interface WindowFacts {
  /** Its number, from 0. */
  readonly window: number;
  /** Its kind; `A + B` with the faults of two. */
  readonly name: string;
  /** The number of its first event. */
  readonly first: number;
  /** How many events it has. */
  readonly count: number;
  /** When it began, epoch milliseconds by the local clock. */
  readonly from: number;
  /** When the next one began; the last one has no end. */
  readonly until: number;
  /** How often its faults struck. */
  readonly struck: number;
  /** Which consequences are allowed for its events. */
  readonly may: Readonly<Record<Consequence, boolean>>;
}

/** The names of the kinds of faults that a window has: one or two. */
export function kindsOf({ kind, beside }: SoakWindow): readonly string[] {
  return beside === undefined ? [kind] : [kind, beside];
}

/**
 * All windows of a run. Consequences that reach further than their window are allowed to its neighbours, too.
 *
 * @throws RangeError for a window of a kind that there is no more: the run is of another version.
 */
export function windowFacts(ledger: Ledger): readonly WindowFacts[] {
  const { windows } = ledger;
  return windows.map((window, i) => {
    const first = Math.max(0, i - STRUCK_BY.faultsBefore);
    const striking = windows.slice(first, i + STRUCK_BY.faultsAfter + 1);
    return {
      window: window.window,
      name: kindsOf(window).join(' + '),
      first: window.first,
      count: window.count,
      from: window.clock,
      until: windows[i + 1]?.clock ?? Number.MAX_SAFE_INTEGER,
      struck: kindsOf(window).reduce((sum, name) => sum + ledger.struck(name, window.window), 0),
      may: {
        expire: striking.some((other) => hasConsequence(other, 'expire')),
        drop: hasConsequence(window, 'drop'),
      },
    };
  });
}

/** The consequences that each kind of fault may have. They are the same for every seed. */
const CONSEQUENCES = new Map(faultKinds(0).map(({ name, may }) => [name, may]));

/** Whether a fault of a window may have a consequence. */
function hasConsequence(window: SoakWindow, consequence: Consequence): boolean {
  return kindsOf(window).some((name) => {
    const allowed = CONSEQUENCES.get(name);
    if (allowed === undefined) throw new RangeError(`No kind of faults is named ${name}.`);
    return allowed.includes(consequence);
  });
}
