import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import type { Claim } from '../../../lib/ledger/Ledger.ts';
import { place, settled, startLedger } from './startLedger.ts';

const RUNS = 300;
const WORKERS = 3;

type Step = 'claim' | 'settle' | 'renew' | 'note' | 'wait';
/** A step of one of the workers. */
interface Taken {
  readonly step: Step;
  readonly who: number;
}

const taken = fc.record<Taken>({
  // As often as it stands here.
  step: fc.constantFrom<Step>(
    ...Array<Step>(5).fill('claim'),
    ...Array<Step>(5).fill('settle'),
    ...Array<Step>(2).fill('renew'),
    ...Array<Step>(2).fill('note'),
    ...Array<Step>(2).fill('wait'),
  ),
  who: fc.nat(WORKERS - 1),
});
/** Steps of one round happen at the same time: each reads before any other writes. */
const round = fc.array(taken, { minLength: 1, maxLength: WORKERS });
const fault = fc.constantFrom(null, null, null, 'lost_answer', 'written_twice', 'conflict', 'away');

/** Workers that load one day, and what each of them believes to hold. */
class Race {
  readonly #started = startLedger();
  readonly #claims = new Map<number, Claim>();
  #made = 0;
  /** The number of the last version whose settling was answered. */
  #lastSettled = 0;

  constructor(faults: readonly ('lost_answer' | 'written_twice' | 'conflict' | 'away' | null)[]) {
    this.#started.store.faults = [...faults];
  }

  async take({ step, who }: Taken): Promise<void> {
    const { clock, ledger } = this.#started;
    const until = clock.now() + MINUTE_MS;
    const claim = this.#claims.get(who);
    switch (step) {
      case 'wait':
        clock.advance(MINUTE_MS);
        return;
      case 'note':
        await ledger.noteQueued(place, { fingerprint: `f${who}`, reason: 'new' });
        return;
      case 'claim': {
        const outcome = await ledger.claim(place, `${who}`, until, 'f1');
        if ('claim' in outcome) this.#claims.set(who, outcome.claim);
        return;
      }
      case 'renew': {
        if (claim === undefined) return;
        const renewed = await ledger.renew(claim, until);
        if (renewed === null) this.#claims.delete(who);
        else this.#claims.set(who, renewed);
        return;
      }
      case 'settle': {
        if (claim === undefined) return;
        this.#made += 1;
        const version = this.#made;
        this.#claims.delete(who);
        if ((await ledger.settle(claim, settled(`v${version}`))) !== null) this.#lastSettled = version;
        return;
      }
    }
  }

  expectOneHolder(): void {
    const { clock, store } = this.#started;
    const holding = [...this.#claims.values()].filter(
      ({ eTag, until }) => until > clock.now() && eTag === store.stored?.eTag,
    );
    expect(holding.length).toBeLessThanOrEqual(1);
    for (const { owner, until } of holding) expect(store.stored?.entry.lease).toEqual({ owner, until });
  }

  /** Queries read the last version whose write succeeded, unless the answer of a later one was lost. */
  expectSettled(): void {
    const version = Number(this.#started.store.stored?.entry.version?.slice(1) ?? 0);
    expect(version).toBeGreaterThanOrEqual(this.#lastSettled);
  }

  /** No write was made on top of something else than what its writer had read. */
  expectNothingLost(): void {
    expect(this.#started.store.lostUpdates).toBe(0);
  }
}

it('two loads never hold a day at once, and a settled state is never lost', async () => {
  const rounds = fc.array(round, { maxLength: 25 });
  const faults = fc.array(fault, { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rounds, faults, async (drawnRounds, drawnFaults) => {
      const race = new Race(drawnFaults);
      for (const steps of drawnRounds) {
        await Promise.allSettled(steps.map((step) => race.take(step)));
        race.expectOneHolder();
        race.expectSettled();
      }
      race.expectNothingLost();
    }),
    { numRuns: RUNS },
  );
});
