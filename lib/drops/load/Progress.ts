import type { Clock } from '../../time/Clock.ts';
import type { Drop } from '../Drop.ts';
import type { LoadResult } from '../engine/Engine.ts';
import type { Claim } from '../ledger/Ledger.ts';
import type { Failure } from './Failure.ts';

/** How far a load has come: what the ledger is told when it ends, however it ends. */
export class Progress {
  /** The last one: every write of the ledger makes another. */
  claim: Claim;
  /** Undefined until the day is listed. */
  drop: Drop | undefined;
  /** Undefined until its rows are mapped. */
  mapped: LoadResult | undefined;
  /** What is wrong with single files, by key, be it in them or in reading them: their rows are in no version. */
  readonly problems = new Map<string, Failure>();
  /** Bytes fetched. */
  bytes = 0;
  /** The version that queries read now, when this load has made one. */
  version: string | undefined;
  /** Versions that this load has replaced, and when: epoch milliseconds. */
  readonly replaced: { readonly version: string; readonly at: number }[] = [];
  /** Milliseconds by step. */
  readonly durations: Record<string, number> = {};
  /** Somebody asked for the day whatever is known of it. */
  readonly isBackfill: boolean;
  readonly #clock: Clock;

  constructor(claim: Claim, clock: Clock, isBackfill: boolean) {
    this.claim = claim;
    this.#clock = clock;
    this.isBackfill = isBackfill;
  }

  /** Runs a step and notes how long it took; of one that runs again, all of it. */
  async time<Result>(step: string, run: () => Promise<Result>): Promise<Result> {
    const began = this.#clock.now();
    try {
      return await run();
    } finally {
      this.durations[step] = (this.durations[step] ?? 0) + this.#clock.now() - began;
    }
  }
}
