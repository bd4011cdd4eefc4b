import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../src/events/eventPattern.ts';

// Examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
const matching: readonly {
  readonly what: string;
  readonly pattern: object;
  readonly event: object;
  readonly expected: boolean;
}[] = [
  { what: 'equals', pattern: { Name: ['Alice'] }, event: { Name: 'Alice' }, expected: true },
  { what: 'equals nothing else', pattern: { Name: ['Alice'] }, event: { Name: 'alice' }, expected: false },
  {
    what: 'and',
    pattern: { Location: ['New York'], Day: ['Monday'] },
    event: { Location: 'New York', Day: 'Monday' },
    expected: true,
  },
  {
    what: 'and, one missing',
    pattern: { Location: ['New York'], Day: ['Monday'] },
    event: { Location: 'New York' },
    expected: false,
  },
  {
    what: 'or within a list',
    pattern: { PaymentType: ['Credit', 'Debit'] },
    event: { PaymentType: 'Debit' },
    expected: true,
  },
  { what: 'empty', pattern: { LastName: [''] }, event: { LastName: '' }, expected: true },
  { what: 'null', pattern: { UserID: [null] }, event: { UserID: null }, expected: true },
  { what: 'null is not absent', pattern: { UserID: [null] }, event: {}, expected: false },
  { what: 'number', pattern: { Price: [100] }, event: { Price: 100 }, expected: true },
  { what: 'number is no text', pattern: { Price: [100] }, event: { Price: '100' }, expected: false },
  {
    what: 'list in the event',
    pattern: { resources: ['a', 'b'] },
    event: { resources: ['x', 'b'] },
    expected: true,
  },
  {
    what: 'list in the event, none',
    pattern: { resources: ['a'] },
    event: { resources: ['x', 'y'] },
    expected: false,
  },
  {
    what: 'list of objects',
    pattern: { d: { n: ['a'] } },
    event: { d: [{ n: 'x' }, { n: 'a' }] },
    expected: true,
  },
  {
    what: 'nested',
    pattern: { detail: { state: { name: ['ALARM'] } } },
    event: { detail: { state: { name: 'ALARM' } } },
    expected: true,
  },
];

describe('a compiled pattern', () => {
  it.each(matching)('gives the documented result for $what', ({ pattern, event, expected }) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });

  it.each([
    { what: 'with another value', event: { source: 'aws.ec2' } },
    { what: 'without the field', event: { 'detail-type': 'aws.s3' } },
    { what: 'that is a text', event: 'aws.s3' },
  ])('does not match an event $what', ({ event }) => {
    expect(compilePattern({ source: ['aws.s3'] })(event)).toBe(false);
  });

  it('may have 4,096 characters', () => {
    const key = 'x'.repeat(4_096 - '{"key":[""]}'.length);
    expect(compilePattern({ key: [key] })({ key })).toBe(true);
  });

  it.each([
    { what: 'no pattern', pattern: undefined },
    { what: 'a list', pattern: [] },
    { what: 'an empty object', pattern: {} },
    { what: 'an empty object inside', pattern: { detail: {} } },
    { what: 'an empty list', pattern: { source: [] } },
    { what: 'a bare value', pattern: { source: 'aws.s3' } },
    { what: 'a list in a list', pattern: { source: [['aws.s3']] } },
    { what: 'an operator EventBridge has not', pattern: { key: [{ contains: 'a' }] } },
    { what: 'a prefix of a number', pattern: { key: [{ prefix: 1 }] } },
    { what: '4,097 characters', pattern: { key: ['x'.repeat(4_097 - '{"key":[""]}'.length)] } },
  ])('rejects $what when it compiles the pattern', ({ pattern }) => {
    expect(() => compilePattern(pattern)).toThrow(
      expect.objectContaining({ name: 'InvalidEventPatternException' }),
    );
  });

  it.each(['anything-but', 'cidr', 'equals-ignore-case', 'exists', 'numeric', 'suffix', 'wildcard'])(
    'refuses the operator %s by name',
    (operator) => {
      expect(() => compilePattern({ key: [{ [operator]: 'a' }] })).toThrow(
        `events pattern operator ${operator} is not emulated`,
      );
    },
  );

  it('refuses $or by name', () => {
    expect(() => compilePattern({ $or: [{ a: [1] }, { b: [2] }] })).toThrow('operator $or is not emulated');
  });

  it('agrees with startsWith for every text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (affix, key) => {
        expect(compilePattern({ key: [{ prefix: affix }] })({ key })).toBe(key.startsWith(affix));
      }),
    );
  });
});
