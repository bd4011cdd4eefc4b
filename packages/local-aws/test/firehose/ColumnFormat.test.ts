import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { columnFormat } from '../../src/firehose/convert/ColumnFormat.ts';
import { compactJson, jsonMembers } from '../../src/firehose/convert/jsonMembers.ts';

describe('a decimal column', () => {
  const stage = (raw: string) => columnFormat('decimal(10, 2)')?.stage(raw);

  it('keeps digits exactly and rounds halves away from zero', () => {
    expect(
      ['1', '"1.005"', '-1.005', '1.004999999999999999999', '12345678.9', '0e999999999', '1e-400'].map(stage),
    ).toEqual(['"1.00"', '"1.01"', '"-1.01"', '"1.00"', '"12345678.90"', '"0.00"', '"0.00"']);
  });

  it('rejects a number with more digits than the column, and a value that is not a number', () => {
    for (const raw of ['123456789', '99999999.995', '1e999999999', '"1,5"', '"."', '""', 'true', '[1]']) {
      expect(() => stage(raw)).toThrow('Data does not match the schema.');
    }
    expect(() => stage(`1${'0'.repeat(1_000_000)}`)).toThrow('Data does not match the schema.');
  });

  it('rounds any number to the nearest value that the column can hold', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 11n), 10n ** 11n), fc.integer({ min: 0, max: 6 }), (unscaled, scale) => {
        const staged: unknown = JSON.parse(stage(`${unscaled}e-${scale + 4}`) ?? '');
        const cents = BigInt(String(staged).replace('.', ''));
        const twiceTheError = 2n * (cents * 10n ** BigInt(scale + 2) - unscaled);
        const unit = 10n ** BigInt(scale + 2);
        expect(twiceTheError >= -unit && twiceTheError <= unit).toBe(true);
      }),
    );
  });
});

describe('jsonMembers', () => {
  it('returns every member of an object as it is written', () => {
    const key = fc.string({ unit: 'grapheme' });
    const value = fc.jsonValue().map((each) => JSON.stringify(each));
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n  ');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), space, (members, gap) => {
        const inner = members.map(([name, raw]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${raw}${gap}`);
        expect(jsonMembers(`${gap}{${inner.join(',')}}`)).toEqual(
          members.map(([name, raw]) => ({ key: name.toWellFormed(), raw })),
        );
      }),
    );
  });

  it('removes white space between tokens and leaves strings unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(1, '\t'), (value, indent) => {
        expect(compactJson(JSON.stringify(value, null, indent))).toBe(JSON.stringify(value));
      }),
    );
  });
});
