import { describe, expect, it } from '@jest/globals';
import { ExactNumber } from '../../../lib/base/json.ts';
import { idText, memberWriter, scalarText, textMembers } from '../../../lib/tables/memberWriter.ts';
import { unitIdColumns } from '../../../lib/tables/sharedColumns.ts';
import { distinctColumns } from '../../../lib/tables/Table.ts';

const columns = [
  { name: 'a', type: 'string', comment: '' },
  { name: 'b', type: 'string', comment: '' },
  { name: 'at', type: 'timestamp', comment: '' },
  { name: 'n', type: 'double', comment: '' },
  { name: 'flag', type: 'boolean', comment: '' },
  { name: 'z', type: 'string', comment: '' },
] as const;
const row = { a: 'x', b: 'q"uote', at: Date.UTC(2026, 10, 20, 7, 32), n: 1.5, flag: false, z: 'end' };
const none = { a: null, b: null, at: null, n: null, flag: null, z: null };

describe('the writer of a run of columns', () => {
  it('writes them in their order, as JSON that is parsed back', () => {
    const members = memberWriter(columns)(row);
    expect(members).toBe(
      ',"a":"x","b":"q\\"uote","at":"2026-11-20T07:32:00.000Z","n":1.5,"flag":false,"z":"end"',
    );
    expect(JSON.parse(`{"first":1${members}}`)).toMatchObject({ a: 'x', b: 'q"uote', n: 1.5, z: 'end' });
  });

  it('omits null values in any position', () => {
    expect(memberWriter(columns)({ ...none, n: 2 })).toBe(',"n":2');
    expect(memberWriter(columns)(none)).toBe('');
    expect(memberWriter(columns)({ ...none, a: 'x' })).toBe(',"a":"x"');
  });

  it('writes a number as a time only in a column of times', () => {
    expect(memberWriter(columns)({ ...none, at: 0, n: 0 })).toBe(',"at":"1970-01-01T00:00:00.000Z","n":0');
  });

  it('writes configured columns after its own', () => {
    const write = memberWriter([columns[0]], [{ name: 'company_id', type: 'string', comment: '' }]);
    const configured = { a: 'x', company_id: 'c' };
    expect(write(configured)).toBe(',"a":"x","company_id":"c"');
  });

  it('does not compile without one of its columns, or with a name twice', () => {
    // @ts-expect-error: nobody fills b.
    expect(memberWriter([columns[0], columns[1]])({ a: 'x' })).toBe(',"a":"x"');
    // @ts-expect-error: metadata is not there.
    expect(textMembers([columns[0]])({ metadata: '{}' })).toBe('');
    // @ts-expect-error: a is there twice.
    expect(distinctColumns([columns[0], columns[1], columns[0]])).toHaveLength(3);
    expect(distinctColumns([columns[0], columns[1]])).toHaveLength(2);
  });
});

describe('the writer of columns that are written already', () => {
  it('puts them inside a JSON string, and omits null', () => {
    const write = textMembers([columns[0], columns[5]]);
    expect(write({ a: '{\\"g\\":1}', z: '[]' })).toBe(',"a":"{\\"g\\":1}","z":"[]"');
    expect(write({ a: null, z: '' })).toBe(',"z":""');
  });
});

describe('a scalar as text', () => {
  it('is an unchanged string, a number or boolean in JSON form, or else null', () => {
    const values = ['x', '', 1.5, 0, true, false, new ExactNumber('12345678901234567890'), null, {}, []];
    expect(values.map(scalarText)).toEqual([
      'x',
      '',
      '1.5',
      '0',
      'true',
      'false',
      '12345678901234567890',
      null,
      null,
      null,
    ]);
  });

  it('identifies no user when it is empty', () => {
    expect(idText('')).toBeNull();
    expect(idText('u')).toBe('u');
    expect(idText(7)).toBe('7');
    expect(idText(null)).toBeNull();
  });
});

describe('columns of unit IDs', () => {
  it('have comments on their origin within 255 characters', () => {
    const config = { unitIds: { companyID: 'company_id' } };
    expect(unitIdColumns(config)).toEqual([
      {
        name: 'company_id',
        type: 'string',
        comment: 'customIDs.companyID of the SDK user; null when empty',
      },
    ]);
    expect(unitIdColumns(config, () => 'x'.repeat(300))[0]?.comment).toBe('x'.repeat(255));
  });
});
