import { describe, expect, it } from '@jest/globals';
import { addKey, changeKey, listedKeys, removeKey } from '../../../../lib/wire/keys/editKeys.ts';
import { secretOf, testKey } from './testKeys.ts';

const web = testKey('web');
const other = testKey('web', 'another-secret');
const server = testKey('server', 'secret-server', { environment: 'staging' });
const text = secretOf(web.entry, server.entry, other.entry);
const named = (label: string, sha256 = '') => ({ label, sha256 });
const labelsOf = (written: string) =>
  listedKeys(written).map(({ label, sha256 }) => `${label} ${sha256.slice(0, 8)}`);
const short = ({ entry: { label }, sha256 }: typeof web) => `${label} ${sha256.slice(0, 8)}`;

describe('the keys of the secret', () => {
  it('are changed one at a time, and the others stay as they are, in their order', () => {
    const changed = changeKey(text, named('server'), { environment: 'production' });
    expect(labelsOf(changed)).toEqual([web, server, other].map(short));
    expect(listedKeys(changed).map(({ environment }) => environment)).toEqual([
      undefined,
      'production',
      undefined,
    ]);
    const added = testKey('new', 'secret-new');
    expect(labelsOf(addKey(text, added.entry))).toEqual([web, server, other, added].map(short));
    // Digits of the hash tell keys of one label apart, in any case.
    const digits = other.sha256.slice(0, 10).toUpperCase();
    expect(labelsOf(removeKey(text, named('web', digits)))).toEqual([web, server].map(short));
  });

  it('go on with a label that is reserved since', () => {
    const any = testKey('any', 'secret-any');
    const changed = changeKey(secretOf(any.entry), named('any'), { environment: 'staging' });
    expect(listedKeys(changed)).toMatchObject([{ label: 'any', environment: 'staging' }]);
  });

  it.each([
    { what: 'a label of two keys', edit: () => removeKey(text, named('web')), code: 'AMBIGUOUS' },
    { what: 'a label of none', edit: () => removeKey(text, named('app')), code: 'NOT_FOUND' },
    { what: 'digits of another key', edit: () => removeKey(text, named('server', 'zz')), code: 'NOT_FOUND' },
    { what: 'a key that is there', edit: () => addKey(text, { ...server.entry, label: 'x' }), code: 'KNOWN' },
    {
      what: 'the label of keys in no list',
      edit: () => addKey(text, testKey('any', 'secret-any').entry),
      code: 'ENTRY_INVALID',
    },
    { what: 'no hash', edit: () => addKey(text, { label: 'x', sha256: 'short' }), code: 'ENTRY_INVALID' },
    { what: 'no kinds', edit: () => changeKey(text, named('server'), { kinds: [] }), code: 'ENTRY_INVALID' },
    { what: 'a text that is no list', edit: () => listedKeys('client-abc'), code: 'UNREADABLE' },
    {
      what: 'an entry that cannot be read, which would be lost',
      edit: () => addKey(secretOf(web.entry, { label: '' }), server.entry),
      code: 'UNREADABLE',
    },
  ])('are not edited by $what', ({ edit, code }) => {
    expect(edit).toThrow(expect.objectContaining({ code: `SLUICE_KEYS_${code}` }));
  });
});
