import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Claim } from '../../../lib/ledger/Ledger.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { MINUTE_MS, place, settled, startLedger } from './startLedger.ts';

describe('with any order of claimers, faults and time', () => {
  it('two loads never hold a day at once, and a settled state is never lost', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('claim' as const), who: fc.nat(2) }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('settle' as const), who: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew' as const), who: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('note' as const), who: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), who: fc.nat(2) }) },
    );
    const fault = fc.constantFrom('none', 'none', 'none', 'lost_answer', 'written_twice', 'conflict', 'away');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 25 }),
        fc.array(fault, { maxLength: 60 }),
        async (rounds, faults) => {
          const { clock, store, ledger } = startLedger();
          store.faults = faults.flatMap((drawnFault) => (drawnFault === 'none' ? [null] : [drawnFault]));
          const claims = new Map<number, Claim>();
          const versions: string[] = [];
          let made = 0;
          for (const round of rounds) {
            // Steps of one round happen at the same time: each reads before any other writes.
            await Promise.allSettled(
              round.map(async ({ kind, who }) => {
                const claim = claims.get(who);
                if (kind === 'wait') clock.advance(MINUTE_MS);
                if (kind === 'note')
                  await ledger.noteQueued(place, { fingerprint: `f${who}`, reason: 'new' });
                if (kind === 'claim') {
                  const outcome = await ledger.claim(place, `${who}`, clock.now() + MINUTE_MS, 'f1');
                  if ('claim' in outcome) claims.set(who, outcome.claim);
                }
                if (kind === 'renew' && claim !== undefined) {
                  const renewed = await ledger.renew(claim, clock.now() + MINUTE_MS);
                  if (renewed === null) claims.delete(who);
                  else claims.set(who, renewed);
                }
                if (kind === 'settle' && claim !== undefined) {
                  made += 1;
                  const version = `v${made}`;
                  claims.delete(who);
                  if ((await ledger.settle(claim, settled(version))) !== null) versions.push(version);
                }
              }),
            );
            const entry: LedgerEntry | undefined = store.stored?.entry;
            const holding = [...claims.values()].filter(
              ({ eTag, until }) => until > clock.now() && eTag === store.stored?.eTag,
            );
            expect(holding.length).toBeLessThanOrEqual(1);
            const [holder] = holding;
            if (holder !== undefined)
              expect(entry?.lease).toEqual({ owner: holder.owner, until: holder.until });
            // Queries read the last version whose write succeeded, unless a later write's answer was lost.
            const last = versions.at(-1);
            if (last !== undefined) {
              const read = Number(entry?.version?.slice(1) ?? 0);
              expect(read).toBeGreaterThanOrEqual(Number(last.slice(1)));
            }
          }
          // No write was made on top of something else than what its writer had read.
          expect(store.lostUpdates).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
