import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keySchema } from '../../../../lib/schema/fields/keys.ts';
import { readKeyring } from '../../../../lib/wire/keys/Keyring.ts';
import { secretOf, testKey } from './testKeys.ts';

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
  });

  it('reads a secret without a key', () => {
    expect(readKeyring('{"keys":[]}')).toMatchObject({ keys: [], problems: [], unreadable: [] });
  });

  it.each([
    { entry: 7, name: 'keys.1', problem: "expected an object such as { label: 'web', sha256: '…' }." },
    { entry: [], name: 'keys.1', problem: "expected an object such as { label: 'web', sha256: '…' }." },
    { entry: { ...web.entry, label: '' }, name: 'keys.1', problem: 'label: expected a label' },
    { entry: { label: 'x' }, name: 'x', problem: 'sha256: expected 64 lower-case hex digits' },
    { entry: { ...web.entry, sha256: web.sha256.toUpperCase() }, name: 'web', problem: 'sha256: expected' },
    {
      entry: { ...web.entry, kinds: ['exposures', 'metrics'] },
      name: 'web',
      problem: 'kinds: expected a list',
    },
    { entry: { ...web.entry, sources: [] }, name: 'web', problem: 'sources: expected a list of 1 to 100' },
    { entry: { ...web.entry, kind: 'exposures' }, name: 'web', problem: 'no such member as kind.' },
    { entry: { label: 'client-0123456789' }, name: 'keys.1', problem: 'sha256: expected 64' },
  ])('skips $entry with a reason, and keeps those before and behind it', ({ entry, name, problem }) => {
    const ring = readKeyring(JSON.stringify({ keys: [web.entry, entry, testKey('app').entry] }));
    expect(ring.keys.map(({ label }) => label)).toEqual(['web', 'app']);
    expect(ring.problems).toEqual([expect.stringContaining(`${name}: ${problem}`)]);
    expect(ring.unreadable).toEqual([name]);
  });

  it.each(['', 'client-abc', '[]', 'null', '{}', '{"keys":{}}', '{"keys":[],"more":1}'])(
    'rejects %j, which is not a list of keys alone',
    (text) => {
      expect(() => readKeyring(text)).toThrow(expect.objectContaining({ code: 'SLUICE_KEYS_INVALID' }));
    },
  );

  it.each([
    { text: '{"mobile":[]}', says: 'In place of keys it has mobile.' },
    { text: '{"keys":[],"mobile":[]}', says: 'Beside keys it has mobile.' },
  ])('rejects $text, as $says', ({ text, says }) => {
    expect(() => readKeyring(text)).toThrow(expect.objectContaining({ detail: says }));
  });

  const misplaced = 'secret-misplaced';
  it.each([
    { where: 'a label', text: secretOf({ label: misplaced }) },
    { where: 'a hash', text: secretOf({ label: 'web', sha256: misplaced }) },
    { where: 'a long label', text: secretOf({ label: misplaced.repeat(9), sha256: web.sha256 }) },
    { where: "a member's name", text: JSON.stringify({ keys: [{ ...web.entry, [misplaced]: true }] }) },
    { where: 'a kind', text: secretOf({ ...web.entry, kinds: [misplaced] }) },
    // The space and the slash make them invalid: without them they would be an environment and a source, and stay.
    { where: 'an environment', text: secretOf({ ...web.entry, environment: ` ${misplaced}` }) },
    { where: 'a source', text: secretOf({ ...web.entry, sources: [`${misplaced}/`] }) },
  ])('reports an entry, but not the key that stands where $where should be', ({ text }) => {
    const { problems, unreadable } = readKeyring(text);
    expect(problems).not.toEqual([]);
    expect(JSON.stringify({ problems, unreadable })).not.toContain('misplaced');
  });

  it.each([misplaced, JSON.stringify(misplaced), JSON.stringify({ [misplaced]: 'web' })])(
    'rejects %s, and leaves the misplaced key out of the message',
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
    { what: 'two sources', more: { sources: ['acme', 'a'.repeat(64)] } },
    { what: '100 sources', more: { sources: Array(100).fill('acme') } },
    // A key that may send sources alone: without `sources` the list may not be empty.
    { what: 'sources and no kinds', more: { sources: ['acme'], kinds: [] } },
    { what: 'sources and kinds', more: { sources: ['acme'], kinds: ['events'] } },
  ])('accepts an entry with $what, as the configuration does', ({ more }) => {
    const sent = { ...web.entry, ...more };
    assertReadAsConfigured(sent);
    expect(readKeyring(JSON.stringify({ keys: [sent] })).problems).toEqual([]);
  });

  it.each([
    { what: '101 sources', more: { sources: Array(101).fill('acme') } },
    { what: 'a source of 65 characters', more: { sources: ['acme', 'a'.repeat(65)] } },
    { what: 'neither kinds nor sources', more: { kinds: [] } },
    { what: 'kinds that are a text', more: { sources: ['acme'], kinds: 'events' } },
    { what: 'an unknown kind', more: { sources: ['acme'], kinds: ['metrics'] } },
    { what: 'a known and an unknown kind', more: { sources: ['acme'], kinds: ['events', 'metrics'] } },
    { what: 'a label that is a number', more: { label: 7 } },
    { what: 'an environment that is null', more: { environment: null } },
  ])('skips an entry with $what, as the configuration does', ({ more }) => {
    const sent = { ...web.entry, ...more };
    assertReadAsConfigured(sent);
    expect(readKeyring(JSON.stringify({ keys: [sent] })).keys).toEqual([]);
  });

  it('accepts the entries that the configuration accepts, and no other, whatever their members hold', () => {
    // Most members are acceptable, so that whole entries are, too.
    const member = (good: readonly string[]) =>
      fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...good) }, fc.string(), fc.integer());
    const listOf = (good: readonly string[]) =>
      fc.oneof(
        { weight: 20, arbitrary: fc.array(member(good), { maxLength: 2 }) },
        fc.string(),
        fc.constant(null),
      );
    const entry = fc.record(
      {
        label: member(['web', 'a.b-c_1', 'x'.repeat(64)]),
        sha256: member([web.sha256]),
        environment: member(['staging']),
        kinds: listOf(['exposures', 'events']),
        sources: listOf(['acme', 'a-b_c']),
        more: fc.constant(true),
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
