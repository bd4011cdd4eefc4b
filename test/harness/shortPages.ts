import type { LandingBucket } from '../../lib/ledger/LandingBucket.ts';

/** Lists keys by twos, where S3 has a thousand: what forgets a later page leaves some. */
export function shortPages(landing: LandingBucket): LandingBucket {
  return { ...landing, list: async (prefix, after) => (await landing.list(prefix, after)).slice(0, 2) };
}

/** A landing whose nth note of a version is not written. */
export function withoutNote(landing: LandingBucket, nth: number): LandingBucket {
  let notes = 0;
  return {
    ...landing,
    async putNote(key) {
      notes += 1;
      if (notes === nth) throw new Error('SlowDown');
      await landing.putNote(key);
    },
  };
}
