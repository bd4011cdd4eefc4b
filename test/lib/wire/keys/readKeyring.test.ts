import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keySchema } from '../../../../lib/schema/fields/keys.ts';
import { readKeyring } from '../../../../lib/wire/keys/Keyring.ts';
import { secretOf, testKey } from './keyring.ts';

const web = testKey('web');

/** Requires that an entry is read as the configuration reads it: as the same key, or as none. */
function assertReadAsConfigured(sent: unknown): void {
  const configured = keySchema.safeParse(sent);
  const ring = readKeyring(JSON.stringify({ keys: [sent] }));
  expect(ring.keys).toEqual(configured.success ? [configured.data] : []);
  expect(ring.problems.length === 0).toBe(configured.success);
}

describe('readKeyring', () => {
  it('reads keys and fills in the kinds that they can send', () => {
    const staging = testKey('staging', 'secret-s', { environment: 'staging', kinds: ['exposures'] });
    const ring = readKeyring(secretOf(web.entry, staging.entry));
    expect(ring.keys).toEqual([
      { label: 'web', sha256: web.sha256, kinds: ['exposures', 'events'] },
      { label: 'staging', sha256: staging.sha256, environment: 'staging', kinds: ['exposures'] },
    ]);
    expect(ring.problems).toEqual([]);
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
  ])('skips %j with a reason, and keeps those before and behind it', (entry, problem) => {
    const ring = readKeyring(JSON.stringify({ keys: [web.entry, entry, testKey('app').entry] }));
    expect(ring.keys.map(({ label }) => label)).toEqual(['web', 'app']);
    expect(ring.problems).toEqual([expect.stringContaining(problem)]);
    expect(ring.unreadable).toEqual([problem.split(':', 1)[0]]);
  });

  it.each(['', 'client-abc', '[]', 'null', '{}', '{"keys":{}}', '{"keys":[],"more":1}'])(
    'rejects %j, which is not a list of keys alone',
    (text) => {
      expect(() => readKeyring(text)).toThrow(expect.objectContaining({ code: 'SLUICE_KEYS_INVALID' }));
    },
  );

  const misplaced = 'secret-misplaced';
  it.each([
    { where: 'a label', text: secretOf({ label: misplaced }) },
    { where: 'a hash', text: secretOf({ label: 'web', sha256: misplaced }) },
    { where: 'a long label', text: secretOf({ label: misplaced.repeat(9), sha256: web.sha256 }) },
    { where: "a member's name", text: secretOf({ ...web.entry, [misplaced]: true }) },
    { where: 'a kind', text: secretOf({ ...web.entry, kinds: [misplaced] }) },
    { where: 'an environment', text: secretOf({ ...web.entry, environment: ` ${misplaced}` }) },
    { where: 'a source', text: secretOf({ ...web.entry, sources: [`${misplaced}/`] }) },
  ])('tells an entry without the key that stands in place of $where', ({ text }) => {
    const { problems, unreadable } = readKeyring(text);
    expect(problems).not.toEqual([]);
    expect(JSON.stringify({ problems, unreadable })).not.toContain('misplaced');
  });

  it.each([misplaced, JSON.stringify(misplaced), JSON.stringify({ [misplaced]: 'web' })])(
    'rejects %s, which has a key in the wrong place, without it',
    (text) => {
      expect(() => readKeyring(text)).toThrow(
        expect.objectContaining({
          code: 'SLUICE_KEYS_INVALID',
          message: expect.not.stringContaining('misplaced'),
        }),
      );
    },
  );

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
    [false, { sources: ['acme'], kinds: '' }],
    [false, { sources: ['acme'], kinds: null }],
    [false, { sources: ['acme'], kinds: ['metrics'] }],
    [false, { sources: ['acme'], kinds: ['events', 'metrics'] }],
    [false, { label: 7 }],
    [false, { environment: null }],
  ])('answers %s for %j, as the configuration does', (accepted, more) => {
    const sent = { ...web.entry, ...more };
    assertReadAsConfigured(sent);
    expect(keySchema.safeParse(sent).success).toBe(accepted);
  });

  it('accepts exactly the entries that the configuration accepts', () => {
    // Most members are acceptable, so that whole entries are, too.
    const member = (good: readonly string[]) =>
      fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...good) }, fc.string(), fc.integer());
    const entry = fc.record(
      {
        label: member(['web', 'a.b-c_1', 'x'.repeat(64)]),
        sha256: member([web.sha256]),
        environment: member(['staging']),
        kinds: fc.array(member(['exposures', 'events']), { minLength: 1, maxLength: 2 }),
        sources: fc.array(member(['acme', 'a-b_c']), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['label', 'sha256'] },
    );
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(entry, (sent) => {
        assertReadAsConfigured(sent);
        outcomes.add(keySchema.safeParse(sent).success);
      }),
      { numRuns: 500 },
    );
    expect(outcomes).toEqual(new Set([true, false]));
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
