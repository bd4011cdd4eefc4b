import { describe, expect, it } from '@jest/globals';
import { typedValue } from '../../cli/commands/query.ts';

describe('a value of a result of Athena', () => {
  it.each<{
    readonly type: string;
    readonly text: string | null;
    readonly value: string | number | boolean | null;
  }>([
    { type: 'bigint', text: '9007199254740991', value: 9_007_199_254_740_991 },
    { type: 'bigint', text: '9007199254740993', value: '9007199254740993' },
    { type: 'bigint', text: '-9007199254740993', value: '-9007199254740993' },
    { type: 'decimal(17,2)', text: '0123456789012.34', value: 123_456_789_012.34 },
    { type: 'decimal(17,2)', text: '1234567890123456.78', value: '1234567890123456.78' },
    { type: 'double', text: '0.10000000000000001', value: 0.1 },
    { type: 'double', text: 'NaN', value: 'NaN' },
    { type: 'boolean', text: 'true', value: true },
    { type: 'boolean', text: 'false', value: false },
    { type: 'varchar', text: '7', value: '7' },
    { type: 'varchar', text: null, value: null },
  ])('of the type $type, $text, is $value in JSON', ({ type, text, value }) => {
    expect(typedValue(text, type)).toBe(value);
  });
});
