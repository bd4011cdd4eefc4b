import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventIdentity } from '../../../lib/collect/EventIdentity.ts';

const KEY_HASH = 'a'.repeat(64);

/** IDs of a batch's events and how many of them were repeats. */
function batch(texts: readonly string[], secret: string | null = null, sender = 'device') {
  const identity = new EventIdentity(KEY_HASH, sender, secret);
  const ids: string[] = [];
  for (const text of texts) if (identity.add(text)) ids.push(...identity.settle());
  ids.push(...identity.settle());
  return { ids, repeats: identity.repeats };
}

const alone = (text: string, secret: string | null = null) => batch([text], secret).ids[0];

describe('EventIdentity', () => {
  it('gives an event the same ID whatever events are hashed with it', () => {
    const text = fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 400 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 100 }) },
      // As long as what is hashed together, and longer.
      { weight: 1, arbitrary: fc.nat(70_000).map((length) => 'é'.repeat(length % 7).padEnd(length, 'x')) },
    );
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 150, size: 'max' }), (texts) => {
        const { ids, repeats } = batch(texts);
        expect(ids).toEqual(texts.map((one) => alone(one)));
        expect(new Set(ids).size).toBe(texts.length);
        expect(repeats).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('is MurmurHash3 seeded by the sender, so that landed IDs do not change with the code', () => {
    expect(batch(['{}', 'x'.repeat(40), 'é', '{}']).ids).toEqual([
      '4d6fe17c20fdbdf3c0b67aea4a4cfd41',
      '5bb7176df9e4621b749c8adaef7fa201',
      '1f7ba1b364a554cae283365978548de1',
      'cfbc7ea51671d304adf231318d714cb5',
    ]);
  });

  it('numbers and counts equal events, however far apart', () => {
    const others = Array.from({ length: 500 }, (_, i) => `other ${i}`);
    const { ids, repeats } = batch(['same', ...others, 'same', 'other 7', 'same']);
    expect(new Set(ids).size).toBe(504);
    expect(repeats).toBe(3);
    expect(batch(['same', 'same', 'same']).ids).toEqual([ids[0], ids[501], ids[503]]);
    expect(ids.slice(1, 501)).toEqual(others.map((text) => alone(text)));
  });

  it('includes a secret: the ID is not the hash of the text alone, and other secrets give other IDs', () => {
    const texts = ['a', 'b', 'a'];
    const all = [batch(texts), batch(texts, 'one'), batch(texts, 'two'), batch(texts, null, 'other')];
    expect(new Set(all.flatMap(({ ids }) => ids)).size).toBe(12);
    expect(batch(texts, 'one')).toEqual(all[1]);
    expect(all[1]?.repeats).toBe(1);
  });
});
