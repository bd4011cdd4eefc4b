import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { djb2, experimentNames } from '../../../lib/wire/experimentNames.ts';

describe('experimentNames', () => {
  const sha256 = (name: string) => createHash('sha256').update(name).digest('base64');
  const resolve = (sent: string) => experimentNames(['homepage_hero', 'prix_été', '12345'])(sent);

  it('finds a name in plain form and by its djb2 and SHA-256 hashes', () => {
    expect(djb2('homepage_hero')).toBe('910458283'); // As the server SDK's initialize response has it.
    for (const name of ['homepage_hero', 'prix_été', '12345']) {
      for (const sent of [name, djb2(name), sha256(name)]) {
        expect(resolve(sent)).toEqual({ name, resolved: true });
      }
    }
  });

  it('keeps other names, and marks those that look hashed', () => {
    expect(resolve('checkout')).toEqual({ name: 'checkout', resolved: true });
    expect(resolve('4222855429')).toEqual({ name: '4222855429', resolved: false });
    expect(resolve(sha256('x'))).toEqual({ name: sha256('x'), resolved: false });
    // A hash of djb2 has up to ten digits, and as few as its number needs.
    expect(resolve(djb2('*'))).toEqual({ name: '42', resolved: false });
    expect(resolve('42949672950')).toEqual({ name: '42949672950', resolved: true });
  });
});
