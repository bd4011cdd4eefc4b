import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  boundBytes,
  boundValue,
  humanPartition,
  type IcebergValue,
  lowerBoundBytes,
  transformedType,
  transformValue,
  upperBoundBytes,
} from '../../src/iceberg/index.ts';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const micros = (iso: string) => BigInt(Date.parse(`${iso}Z`)) * 1000n;
const UUID = 'f79c3e09-677c-4bbd-a479-3f349cb785e7';
/** The bucket of this many is the hash without its sign. */
const BUCKETS = 2 ** 31 - 1;

/** A type and values of it. */
const typed: fc.Arbitrary<readonly [string, IcebergValue]> = fc.oneof(
  fc.boolean().map((value) => ['boolean', value] as const),
  fc.integer().map((value) => ['int', value] as const),
  fc.integer().map((value) => ['date', value] as const),
  fc.float({ noNaN: true }).map((value) => ['float', value] as const),
  fc.double({ noNaN: true }).map((value) => ['double', value] as const),
  fc
    .tuple(
      fc.constantFrom('long', 'time', 'timestamp', 'timestamptz'),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    )
    .map(([type, value]) => [type, value] as const),
  fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n).map((value) => ['decimal(38, 4)', value] as const),
  fc.string({ unit: 'binary', maxLength: 40 }).map((value) => ['string', value] as const),
  fc.uuid().map((value) => ['uuid', value] as const),
  fc.uint8Array({ minLength: 3, maxLength: 3 }).map((value) => ['fixed[3]', value] as const),
  fc.uint8Array({ maxLength: 40 }).map((value) => ['binary', value] as const),
);

describe('single values', () => {
  it.each([
    ['boolean', true, '01'],
    ['int', 34, '22000000'],
    ['int', -1, 'ffffffff'],
    ['long', 34n, '2200000000000000'],
    ['float', 1.5, '0000c03f'],
    ['double', -1.5, '000000000000f8bf'],
    ['date', 17_486, '4e440000'],
    ['timestamp', 1_510_871_468_000_000n, '00c3262d215e0500'],
    ['decimal(9,2)', 1420n, '058c'],
    ['decimal(9,2)', -1n, 'ff'],
    ['decimal(9,2)', 128n, '0080'],
    ['string', 'é', 'c3a9'],
    ['uuid', UUID, 'f79c3e09677c4bbda4793f349cb785e7'],
    ['fixed[2]', bytesOf('00ff'), '00ff'],
  ])('serializes a %s as the specification says', (type, value, expected) => {
    expect(hex(boundBytes(type, value))).toBe(expected);
    expect(boundValue(type, bytesOf(expected))).toEqual(value);
  });

  it('reads what it wrote, and keeps bounds around the value', () => {
    fc.assert(
      fc.property(typed, ([type, value]) => {
        const whole = boundBytes(type, value);
        expect(boundValue(type, whole)).toEqual(value);
        if (type !== 'string' && type !== 'binary') return;
        const lower = lowerBoundBytes(type, value);
        const upper = upperBoundBytes(type, value);
        expect(Buffer.compare(lower, whole)).toBeLessThanOrEqual(0);
        expect(Buffer.from(whole).subarray(0, lower.length)).toEqual(Buffer.from(lower));
        const length = (bytes: Uint8Array) =>
          type === 'string' ? [...Buffer.from(bytes).toString('utf8')].length : bytes.length;
        expect(length(lower)).toBe(Math.min(16, length(whole)));
        if (upper === undefined) return;
        expect(Buffer.compare(whole, upper)).toBeLessThanOrEqual(0);
        expect(length(upper)).toBeLessThanOrEqual(16);
      }),
    );
  });

  it('raises the last character of an upper bound that can be raised', () => {
    const upper = (text: string) => Buffer.from(upperBoundBytes('string', text) ?? []).toString('utf8');
    expect(upper('abcdefghijklmnop')).toBe('abcdefghijklmnop');
    expect(upper('abcdefghijklmnopq')).toBe('abcdefghijklmnoq');
    expect(upper(`abcdefghijklmno\u{10ffff}x`)).toBe('abcdefghijklmnp');
    expect(upper(`abcdefghijklmno\ud7ffx`)).toBe('abcdefghijklmno\ue000');
    expect(upperBoundBytes('string', '\u{10ffff}'.repeat(17))).toBeUndefined();
    expect(hex(upperBoundBytes('binary', bytesOf(`${'00'.repeat(15)}ffff`)))).toBe(`${'00'.repeat(14)}01`);
    expect(upperBoundBytes('binary', bytesOf('ff'.repeat(17)))).toBeUndefined();
    expect(upperBoundBytes('long', 5n)).toEqual(boundBytes('long', 5n));
  });

  it('reads bounds of columns that were widened since', () => {
    expect(boundValue('long', boundBytes('int', -7))).toBe(-7n);
    expect(boundValue('double', boundBytes('float', 0.5))).toBe(0.5);
    expect(boundValue('decimal(20, 2)', boundBytes('decimal(9, 2)', -700n))).toBe(-700n);
  });

  it.each([
    ['int', 1n],
    ['int', 2 ** 31],
    ['long', 1],
    ['long', 2n ** 63n],
    ['string', 1],
    ['uuid', 'nonsense'],
    ['fixed[2]', bytesOf('00')],
    ['date', '2026-11-20'],
    ['boolean', 1],
  ])('refuses to serialize as %s what is none', (type, value) => {
    expect(() => boundBytes(type, value)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
  });

  it('refuses bytes of a wrong length and types that it does not have', () => {
    expect(() => boundValue('int', bytesOf('00'))).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
    expect(() => boundValue('timestamp_ns', bytesOf('00'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('timestamp_ns') }),
    );
    expect(() => boundBytes('number', 1)).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
    expect(() => boundBytes('decimal(39, 2)', 1n)).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });
});

describe('partition transforms', () => {
  // https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
  it.each([
    ['int', 34, 2017239379],
    ['long', 34n, 2017239379],
    ['decimal(9,2)', 1420n, -500754589],
    ['date', 17_486, -653330422],
    ['time', 81_068_000_000n, -662762989],
    ['timestamp', micros('2017-11-16T22:31:08'), -2047944441],
    ['timestamptz', micros('2017-11-16T22:31:08'), -2047944441],
    ['timestamp', micros('2017-11-16T22:31:08') + 1n, -1207196810],
    ['string', 'iceberg', 1210000089],
    ['uuid', UUID, 1488055340],
    ['fixed[4]', bytesOf('00010203'), -188683207],
    ['binary', bytesOf('00010203'), -188683207],
  ])("hashes the specification's %s", (type, value, hash) => {
    expect(transformValue(`bucket[${BUCKETS}]`, type, value)).toBe((hash & BUCKETS) % BUCKETS);
    expect(transformValue('bucket[16]', type, value)).toBe((hash & BUCKETS) % 16);
  });

  it.each([
    ['truncate[10]', 'int', 1, 0],
    ['truncate[10]', 'int', -1, -10],
    ['truncate[10]', 'long', 19n, 10n],
    ['truncate[10]', 'long', -1n, -10n],
    ['truncate[50]', 'decimal(9,2)', 1065n, 1050n],
    ['truncate[50]', 'decimal(9,2)', -1n, -50n],
    ['truncate[3]', 'string', 'iceberg', 'ice'],
    ['truncate[2]', 'string', '\u{1f600}\u{1f601}\u{1f602}', '\u{1f600}\u{1f601}'],
    ['truncate[3]', 'binary', bytesOf('0102030405'), bytesOf('010203')],
    ['year', 'date', 0, 0],
    ['year', 'date', -1, -1],
    ['month', 'date', -1, -1],
    ['month', 'date', 17_486, 574],
    ['day', 'date', -5, -5],
    ['day', 'timestamp', -1n, -1],
    ['day', 'timestamptz', micros('2017-11-16T22:31:08'), 17_486],
    ['hour', 'timestamp', -1n, -1],
    ['hour', 'timestamp', micros('2017-11-16T22:31:08'), 419_686],
    ['year', 'timestamp', micros('2017-11-16T22:31:08'), 47],
    ['month', 'timestamp', micros('1969-12-31T23:59:59'), -1],
    ['void', 'string', 'iceberg', null],
    ['identity', 'string', 'iceberg', 'iceberg'],
    ['bucket[4]', 'string', null, null],
    ['day', 'date', null, null],
  ])('%s of a %s', (transform, type, value, expected) => {
    expect(transformValue(transform, type, value)).toEqual(expected);
  });

  it('keeps the bucket of an int that becomes a long', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: BUCKETS }), (value, buckets) => {
        const bucket = transformValue(`bucket[${buckets}]`, 'int', value);
        expect(transformValue(`bucket[${buckets}]`, 'long', BigInt(value))).toBe(bucket);
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(buckets);
      }),
    );
  });

  it('says what type a transform gives', () => {
    expect(transformedType('bucket[4]', 'string')).toBe('int');
    expect(transformedType('truncate[4]', 'decimal(9, 2)')).toBe('decimal(9, 2)');
    expect(transformedType('day', 'timestamptz')).toBe('date');
    expect(transformedType('month', 'date')).toBe('int');
    expect(transformedType('void', 'uuid')).toBe('uuid');
  });

  it.each([
    ['bucket[4]', 'double'],
    ['bucket[4]', 'boolean'],
    ['truncate[4]', 'date'],
    ['hour', 'date'],
    ['day', 'time'],
    ['year', 'string'],
  ])('refuses %s of a %s', (transform, type) => {
    expect(() => transformedType(transform, type)).toThrow(
      expect.objectContaining({ code: 'INVALID_SCHEMA' }),
    );
  });

  it.each(['bucket', 'bucket[0]', 'truncate[-1]', 'zorder', 'days', 'bucket[99999999999]'])(
    'refuses the transform %s by name',
    (transform) => {
      expect(() => transformValue(transform, 'string', 'a')).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(transform) }),
      );
    },
  );

  it('refuses lists and structs', () => {
    const list = { type: 'list', 'element-id': 1, element: 'int', 'element-required': true } as const;
    expect(() => transformValue('identity', list, null)).toThrow(
      expect.objectContaining({ code: 'INVALID_SCHEMA' }),
    );
  });
});

describe('the folder of a partition', () => {
  it.each([
    ['identity', 'string', 'a/b c=d', 'p=a%2Fb+c%3Dd'],
    ['identity', 'string', "*~'-_.", 'p=*%7E%27-_.'],
    ['identity', 'date', 20_777, 'p=2026-11-20'],
    ['identity', 'decimal(9,2)', -5n, 'p=-0.05'],
    ['identity', 'binary', bytesOf('00ff'), 'p=AP8%3D'],
    ['identity', 'timestamp', 1_000_001n, 'p=1970-01-01T00%3A00%3A01.000001'],
    ['identity', 'timestamptz', -500_000n, 'p=1969-12-31T23%3A59%3A59.5%2B00%3A00'],
    ['identity', 'time', 60_000_000n, 'p=00%3A01'],
    ['identity', 'boolean', true, 'p=true'],
    ['identity', 'long', -9_007_199_254_740_993n, 'p=-9007199254740993'],
    ['year', 'date', 56, 'p=2026'],
    ['month', 'date', -1, 'p=1969-12'],
    ['day', 'timestamp', 20_777, 'p=2026-11-20'],
    ['hour', 'timestamp', 419_686, 'p=2017-11-16-22'],
    ['bucket[8]', 'date', 5, 'p=5'],
    ['truncate[3]', 'string', 'ice', 'p=ice'],
    ['void', 'string', null, 'p=null'],
  ])('is of %s of a %s', (transform, type, value, expected) => {
    const spec = { 'spec-id': 0, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'p', transform }] };
    const fields = [{ id: 1, name: 'c', required: false, type }];
    const schema = { type: 'struct', 'schema-id': 0, fields } as const;
    expect(humanPartition(spec, schema, new Map([[1000, value]]))).toBe(expected);
  });
});
