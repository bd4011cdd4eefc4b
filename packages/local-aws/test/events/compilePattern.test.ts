import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../src/events/eventPattern.ts';

// Examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
const matching: readonly (readonly [string, object, object, boolean])[] = [
  ['equals', { Name: ['Alice'] }, { Name: 'Alice' }, true],
  ['equals nothing else', { Name: ['Alice'] }, { Name: 'alice' }, false],
  ['and', { Location: ['New York'], Day: ['Monday'] }, { Location: 'New York', Day: 'Monday' }, true],
  ['and, one missing', { Location: ['New York'], Day: ['Monday'] }, { Location: 'New York' }, false],
  ['or within a list', { PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Debit' }, true],
  ['empty', { LastName: [''] }, { LastName: '' }, true],
  ['null', { UserID: [null] }, { UserID: null }, true],
  ['null is not absent', { UserID: [null] }, {}, false],
  ['number', { Price: [100] }, { Price: 100 }, true],
  ['number is no text', { Price: [100] }, { Price: '100' }, false],
  ['list in the event', { resources: ['a', 'b'] }, { resources: ['x', 'b'] }, true],
  ['list in the event, none', { resources: ['a'] }, { resources: ['x', 'y'] }, false],
  ['list of objects', { d: { n: ['a'] } }, { d: [{ n: 'x' }, { n: 'a' }] }, true],
  ['nested', { detail: { state: { name: ['ALARM'] } } }, { detail: { state: { name: 'ALARM' } } }, true],
];

describe('a compiled pattern', () => {
  it.each(matching)('gives the documented result for %s', (_, pattern, event, expected) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });

  it('does not match an event that has none of the fields of the pattern', () => {
    expect(compilePattern({ source: ['aws.s3'] })({ source: 'aws.ec2' })).toBe(false);
    expect(compilePattern({ source: ['aws.s3'] })('aws.s3')).toBe(false);
  });

  it.each([
    ['no pattern', undefined],
    ['a list', []],
    ['an empty object', {}],
    ['an empty object inside', { detail: {} }],
    ['an empty list', { source: [] }],
    ['a bare value', { source: 'aws.s3' }],
    ['a list in a list', { source: [['aws.s3']] }],
    ['an operator EventBridge has not', { key: [{ contains: 'a' }] }],
    ['a prefix of a number', { key: [{ prefix: 1 }] }],
    ['more than 4,096 characters', { key: ['x'.repeat(4_096)] }],
  ])('rejects %s when it compiles the pattern', (_, pattern) => {
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
