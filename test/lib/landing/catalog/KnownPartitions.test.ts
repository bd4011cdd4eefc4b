import { describe, expect, it } from '@jest/globals';
import { KnownPartitions } from '../../../../lib/landing/catalog/KnownPartitions.ts';

describe('KnownPartitions', () => {
  it('forgets the oldest beyond its capacity, and keeps tables separate', () => {
    const known = new KnownPartitions(2);
    known.add('exposures', 'a');
    known.add('events', 'a');
    known.add('exposures', 'a');
    known.add('exposures', 'b');
    expect(known.has('exposures', 'a')).toBe(false);
    expect(known.has('events', 'a')).toBe(true);
    expect(known.has('exposures', 'b')).toBe(true);
  });
});
