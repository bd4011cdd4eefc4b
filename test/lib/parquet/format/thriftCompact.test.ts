import { describe, expect, it } from '@jest/globals';
import { THRIFT, ThriftReader } from '../../../../lib/parquet/format/thriftCompact.ts';

/** A struct of these bytes, and its end. */
const struct = (...bytes: number[]) => new ThriftReader(Buffer.of(...bytes, 0)).struct();

describe('a struct in Thrift’s compact protocol', () => {
  // Each value is of field 1, and an integer 7 of field 2 follows.
  it.each([
    { what: 'a boolean', type: THRIFT.false, value: [] },
    { what: 'a byte', type: THRIFT.byte, value: [9] },
    { what: 'an integer of several bytes', type: THRIFT.i64, value: [0x80, 0x80, 1] },
    { what: 'a double', type: THRIFT.double, value: [1, 2, 3, 4, 5, 6, 7, 8] },
    { what: 'a UUID', type: THRIFT.uuid, value: Array(16).fill(0) },
    { what: 'a text', type: THRIFT.binary, value: [2, 97, 98] },
    { what: 'a list of booleans', type: THRIFT.list, value: [0x21, 1, 2] },
    { what: 'a set of integers', type: THRIFT.set, value: [0x15, 14] },
    { what: 'a list of 15 bytes', type: THRIFT.list, value: [0xf3, 15, ...Array(15).fill(0)] },
    { what: 'an empty map', type: THRIFT.map, value: [0] },
    { what: 'a map of texts to booleans', type: THRIFT.map, value: [1, 0x81, 1, 97, 1] },
    { what: 'a struct', type: THRIFT.struct, value: [0x15, 2, 0] },
  ])('is read behind $what', ({ type, value }) => {
    const read = struct(0x10 | type, ...value, 0x15, 14);
    expect([...read.keys()]).toEqual([1, 2]);
    expect(read.get(1)).toEqual({ type, bytes: Buffer.of(...value) });
    expect(read.get(2)).toEqual({ type: THRIFT.i32, bytes: Buffer.of(14) });
  });

  it('has fields in any order, each once', () => {
    expect([...struct(0x35, 2, 0x05, 2, 2).keys()]).toEqual([3, 1]);
    // Above 30, where no bit is left for an ID, they must rise.
    expect([...struct(0x05, 62, 2, 0x15, 2).keys()]).toEqual([31, 32]);
  });

  /** So that nothing is refused because it has no end. */
  const ENDS = Array(80).fill(0);
  it.each([
    { what: 'a field twice', bytes: [0x15, 2, 0x05, 2, 2, 0] },
    { what: 'a field above 30 that does not rise', bytes: [0x05, 64, 2, 0x05, 62, 2, 0] },
    { what: 'a field 0', bytes: [0x05, 0, 2, 0] },
    { what: 'a field beyond 16 bits', bytes: [0x05, 0x80, 0x80, 4, 2, 0] },
    { what: 'an unknown type', bytes: [0x1e, 0] },
    { what: 'a list that is longer than the bytes', bytes: [0x19, 0x53, 1, 0] },
    { what: 'a map that is longer than the bytes', bytes: [0x1b, 5, 0x33, 1, 0] },
    { what: 'a text that is longer than the bytes', bytes: [0x18, 5, 97, 0] },
    { what: 'a number of more than 64 bits', bytes: [0x16, ...Array(10).fill(0x80), 1, 0] },
    { what: 'values in values, 65 times', bytes: [...Array(66).fill(0x1c), ...ENDS] },
    { what: 'no end', bytes: [0x16] },
  ])('is refused with $what', ({ bytes }) => {
    expect(() => new ThriftReader(Buffer.from(bytes)).struct()).toThrow(RangeError);
  });

  it('has values in values, 64 times', () => {
    expect(struct(...Array(64).fill(0x1c), ...ENDS).size).toBe(1);
  });
});
