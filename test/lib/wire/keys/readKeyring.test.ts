import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keySchema } from '../../../../lib/schema/fields/keys.ts';
import { readKeyring } from '../../../../lib/wire/keys/Keyring.ts';
import { secretOf, testKey } from './keyring.ts';

const web = testKey('web');

describe('readKeyring', () => {
  it('reads keys and fills in the kinds that they can send', () => {
    const staging = testKey('staging', 'secret-s', { environment: 'staging', kinds: ['exposures'] });
    expect(readKeyring(secretOf(web.entry, staging.entry))).toMatchObject({
      keys: [
        { label: 'web', sha256: web.sha256, kinds: ['exposures', 'events'] },
        { label: 'staging', sha256: staging.sha256, environment: 'staging', kinds: ['exposures'] },
      ],
      problems: [],
    });
    expect(readKeyring('{"keys":[]}').keys).toEqual([]);
  });

  it.each([
    [7, "keys.1: expected an object such as { label: 'web', sha256: '…' }."],
    [null, "keys.1: expected an object such as { label: 'web', sha256: '…' }."],
    [[], "keys.1: expected an object such as { label: 'web', sha256: '…' }."],
    [{ ...web.entry, label: '' }, 'keys.1: label: expected a label'],
    [{ label: 'x' }, 'x: sha256: expected 64 lower-case hex digits'],
    [{ ...web.entry, sha256: web.sha256.toUpperCase() }, 'web: sha256: expected'],
    [{ ...web.entry, kinds: ['exposures', 'metrics'] }, 'web: kinds: expected a list'],
    [{ ...web.entry, sources: [] }, 'web: sources: expected a list of 1 to 100'],
    [{ ...web.entry, kind: 'exposures' }, 'web: no such member as kind.'],
    [{ label: 'client-0123456789' }, 'keys.1: sha256: expected 64'],
  ])('skips %j with a reason, and keeps the others', (entry, problem) => {
    const ring = readKeyring(JSON.stringify({ keys: [web.entry, entry] }));
    expect(ring.keys).toHaveLength(1);
    expect(ring.problems).toEqual([expect.stringContaining(problem)]);
  });

  it.each(['', 'client-abc', '[]', 'null', '{}', '{"keys":{}}', '{"keys":[],"more":1}'])(
    'rejects %j, which is not a list of keys',
    (text) => {
      expect(() => readKeyring(text)).toThrow(expect.objectContaining({ code: 'SLUICE_KEYS_INVALID' }));
    },
  );

  it('never prints a key that is in the wrong place', () => {
    const misplaced = 'secret-misplaced';
    for (const text of [
      misplaced,
      JSON.stringify(misplaced),
      JSON.stringify({ [misplaced]: 'web' }),
      secretOf({ label: 'web', sha256: misplaced }),
      secretOf({ label: misplaced.repeat(9), sha256: web.sha256 }),
      secretOf({ ...web.entry, [misplaced]: true }),
      secretOf({ ...web.entry, kinds: [misplaced] }),
      secretOf({ ...web.entry, environment: ` ${misplaced}` }),
      secretOf({ ...web.entry, sources: [`${misplaced}/`] }),
    ]) {
      let detail: string;
      try {
        detail = readKeyring(text).problems.join();
      } catch (error) {
        detail = String(error);
      }
      expect(detail).not.toBe('');
      expect(detail).not.toContain('misplaced');
    }
  });

  /** Reads an entry, and compares with what the configuration makes of it. @returns Whether it is accepted. */
  function isAccepted(sent: unknown): boolean {
    const configured = keySchema.safeParse(sent);
    const ring = readKeyring(JSON.stringify({ keys: [sent] }));
    expect(ring.keys).toEqual(configured.success ? [configured.data] : []);
    expect(ring.problems.length === 0).toBe(configured.success);
    return configured.success;
  }

  it.each([
    [true, { sources: ['acme', 'a'.repeat(64)] }],
    [true, { sources: Array(100).fill('acme') }],
    [true, { sources: ['acme'], kinds: [] }],
    [true, { sources: ['acme'], kinds: ['events'] }],
    [false, { sources: Array(101).fill('acme') }],
    [false, { sources: ['acme', 'a'.repeat(65)] }],
    [false, { sources: ['acme', 7] }],
    [false, { sources: 'acme' }],
    [false, { kinds: [] }],
    [false, { sources: ['acme'], kinds: 'events' }],
    [false, { sources: ['acme'], kinds: ['events', 'metrics'] }],
    [false, { label: 7 }],
    [false, { environment: null }],
  ])('answers %s for %j, as the configuration does', (accepted, more) => {
    expect(isAccepted({ ...web.entry, ...more })).toBe(accepted);
  });

  it('accepts exactly the entries that the configuration accepts', () => {
    const member = (good: readonly string[]) => fc.oneof(fc.constantFrom(...good), fc.string(), fc.integer());
    const entry = fc.record(
      {
        label: member(['web', 'a.b-c_1', 'x'.repeat(64), 'x'.repeat(65)]),
        sha256: member([web.sha256, web.sha256.slice(1)]),
        environment: member(['staging', '']),
        kinds: fc.oneof(fc.array(member(['exposures', 'events']), { maxLength: 3 }), fc.string()),
        sources: fc.oneof(
          fc.array(member(['acme', 'a-b_c', 'a'.repeat(65), '-a']), { maxLength: 2 }),
          fc.string(),
        ),
        more: fc.constant(1),
      },
      { requiredKeys: ['label', 'sha256'] },
    );
    fc.assert(
      fc.property(entry, (sent) => void isAccepted(sent)),
      { numRuns: 500 },
    );
  });
});

describe('Keyring', () => {
  it('finds each of its keys, in any position, and no other', () => {
    const known = Array.from({ length: 40 }, (_, i) => testKey(`k${i}`));
    const ring = readKeyring(secretOf(...known.map(({ entry }) => entry)));
    for (const { digest, entry } of known) expect(ring.find(digest)?.label).toBe(entry.label);
    fc.assert(
      fc.property(fc.nat(39), fc.nat(31), fc.integer({ min: 1, max: 255 }), (i, at, change) => {
        const near = Uint8Array.from(known[i]?.digest ?? []);
        near[at] = (near[at] ?? 0) ^ change;
        expect(ring.find(near)).toBeNull();
      }),
    );
  });

  it('uses the first of two entries for the same key', () => {
    const again = { ...web.entry, label: 'again' };
    expect(readKeyring(secretOf(web.entry, again)).find(web.digest)?.label).toBe('web');
  });
});
