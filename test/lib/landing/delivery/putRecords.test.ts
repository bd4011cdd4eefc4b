import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PackedRecord } from '../../../../lib/landing/delivery/packDocuments.ts';
import { putRecords } from '../../../../lib/landing/delivery/putRecords.ts';
import { MAX_ATTEMPTS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);

/** Records that hold nothing but their own index, two bytes of it. */
const RECORDS: readonly PackedRecord[] = Array.from({ length: 500 }, (_, index) => ({
  data: Uint8Array.of(index >> 8, index & 0xff),
  documents: [index],
}));
const indexOf = (data: Uint8Array) => ((data[0] ?? 0) << 8) | (data[1] ?? 0);

/** Puts records on a stream of which, in each round, those fail that `fails` says. */
async function put(records: readonly PackedRecord[], fails: (index: number, round: number) => boolean) {
  const clock = new ManualClock(START);
  const rounds: number[][] = [];
  const result = await putRecords(records, {
    clock,
    random: () => 0.5,
    deadline: START + 600_000,
    wait: async (ms) => clock.advance(ms),
    putRecordBatch: async (data) => {
      const round = rounds.length;
      const indexes = data.map(indexOf);
      rounds.push(indexes);
      return {
        kind: 'answered',
        errorCodes: indexes.map((index) => (fails(index, round) ? 'ServiceUnavailableException' : null)),
      };
    },
  });
  return { ...result, rounds };
}

/** What must have been put in each round: all, then only what failed in the one before, in order. */
function expectedRounds(count: number, fails: (index: number, round: number) => boolean): number[][] {
  const rounds = [Array.from({ length: count }, (_, index) => index)];
  for (let round = 0; round < MAX_ATTEMPTS; round += 1) {
    const again = (rounds[round] ?? []).filter((index) => fails(index, round));
    if (again.length === 0) return rounds;
    rounds.push(again);
  }
  return rounds.slice(0, MAX_ATTEMPTS);
}

describe('putRecords', () => {
  it('retries exactly the failed records, in order, for every subset of up to 12 records', async () => {
    for (let count = 1; count <= 12; count += 1) {
      for (let mask = 0; mask < 2 ** count; mask += 1) {
        const fails = (index: number, round: number) => round === 0 && ((mask >> index) & 1) === 1;
        const { rounds, unacknowledged } = await put(RECORDS.slice(0, count), fails);
        if (rounds.length !== (mask === 0 ? 1 : 2) || unacknowledged.length > 0)
          throw new Error(`${count} ${mask}`);
        expect(rounds).toEqual(expectedRounds(count, fails));
      }
    }
  });

  it('retries exactly the failed records for every two successive subsets of up to 5', async () => {
    for (let count = 1; count <= 5; count += 1) {
      for (let masks = 0; masks < 4 ** count; masks += 1) {
        const fails = (index: number, round: number) =>
          ((masks >> (round * count + index)) & 1) === 1 && round < 2;
        const { rounds } = await put(RECORDS.slice(0, count), fails);
        expect(rounds).toEqual(expectedRounds(count, fails));
      }
    }
  });

  it('retries exactly the failed records for random subsets of 500, and accounts for every record', async () => {
    const subsets = fc.array(fc.uniqueArray(fc.nat(499)), { minLength: 1, maxLength: MAX_ATTEMPTS + 2 });
    await fc.assert(
      fc.asyncProperty(subsets, async (failures) => {
        const sets = failures.map((indexes) => new Set(indexes));
        const fails = (index: number, round: number) => sets[round]?.has(index) ?? false;
        const { rounds, unacknowledged, retried, calls } = await put(RECORDS, fails);
        expect(rounds).toEqual(expectedRounds(500, fails));
        const left = (rounds.at(-1) ?? []).filter((index) => fails(index, rounds.length - 1));
        expect(unacknowledged.map(({ record }) => record.documents[0])).toEqual(left);
        expect(calls).toBe(rounds.length);
        expect(retried).toBe(rounds.slice(1).reduce((sum, { length }) => sum + length, 0));
      }),
      { numRuns: 200 },
    );
  });
});
