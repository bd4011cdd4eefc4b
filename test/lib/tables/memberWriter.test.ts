import { describe, expect, it } from '@jest/globals';
import { ExactNumber } from '../../../lib/base/json.ts';
import { idText, jsonMember, memberWriter, scalarText } from '../../../lib/tables/memberWriter.ts';
import { unitIdColumns } from '../../../lib/tables/sharedColumns.ts';
import type { ColumnType, Table } from '../../../lib/tables/Table.ts';

const column = (name: string, type: ColumnType) => ({ name, type, comment: `The column ${name}` });
const table: Table = {
  kind: 'events',
  name: 'samples',
  comment: 'Samples',
  columns: [
    column('a', 'string'),
    column('b', 'string'),
    column('at', 'timestamp'),
    column('n', 'double'),
    column('flag', 'boolean'),
    column('z', 'string'),
  ],
  partitionKey: column('ds', 'date'),
};
const row = { a: 'x', b: 'q"uote', at: Date.UTC(2026, 10, 20, 7, 32), n: 1.5, flag: false, z: 'end' };

describe('the writer of a run of columns', () => {
  it('writes them in the order of the table, as JSON that is parsed back', () => {
    const members = memberWriter(table, 'a')(row);
    expect(members).toBe(
      ',"a":"x","b":"q\\"uote","at":"2026-11-20T07:32:00.000Z","n":1.5,"flag":false,"z":"end"',
    );
    expect(JSON.parse(`{"first":1${members}}`)).toMatchObject({ a: 'x', b: 'q"uote', n: 1.5, z: 'end' });
  });

  it('starts with the first column and ends before the first column of the next writer', () => {
    expect(memberWriter(table, 'b', 'at')(row)).toBe(',"b":"q\\"uote"');
    expect(memberWriter(table, 'n', 'z')(row)).toBe(',"n":1.5,"flag":false');
    expect(memberWriter(table, 'z')(row)).toBe(',"z":"end"');
  });

  it('omits null and absent values in any position', () => {
    expect(memberWriter(table, 'a')({ a: null, n: 2 })).toBe(',"n":2');
    expect(memberWriter(table, 'a')({})).toBe('');
    expect(memberWriter(table, 'a')({ a: 'x', z: null })).toBe(',"a":"x"');
  });

  it('writes a number as a time only in a column of times, where it writes text unchanged', () => {
    expect(memberWriter(table, 'at', 'flag')({ at: 0, n: 0 })).toBe(',"at":"1970-01-01T00:00:00.000Z","n":0');
    expect(memberWriter(table, 'at', 'n')({ at: 'tab\there' })).toBe(',"at":"tab\\there"');
    expect(memberWriter(table, 'at', 'n')({ at: true })).toBe(',"at":true');
  });

  it('closes a text before any following column', () => {
    expect(memberWriter(table, 'a', 'n')({ a: 'x', b: 'y', at: 0 })).toBe(
      ',"a":"x","b":"y","at":"1970-01-01T00:00:00.000Z"',
    );
    expect(memberWriter(table, 'a', 'flag')({ a: 'x', n: 1 })).toBe(',"a":"x","n":1');
  });

  it.each([
    ['none', undefined],
    ['a', 'none'],
    ['b', 'a'],
    ['b', 'b'],
  ])('is not built from the columns %s … %s', (from, before) => {
    expect(() => memberWriter(table, from, before)).toThrow(RangeError);
  });
});

describe('the writer of a JSON column', () => {
  it('writes values inside a JSON string, including the last column, and omits null', () => {
    expect(jsonMember(table, 'a')('{\\"g\\":1}')).toBe(',"a":"{\\"g\\":1}"');
    expect(jsonMember(table, 'z')('[]')).toBe(',"z":"[]"');
    expect(jsonMember(table, 'z')(null)).toBe('');
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
    expect([idText(''), idText('u'), idText(7), idText(null)]).toEqual([null, 'u', '7', null]);
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
