import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern, matchPattern } from '../../src/events/eventPattern.ts';

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
  ['ignore case', { Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'ALIce' }, true],
  ['begins with', { Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, true],
  ['begins with, not', { Region: [{ prefix: 'us-' }] }, { Region: 'eu-west-1' }, false],
  ['begins with, case', { s: [{ prefix: { 'equals-ignore-case': 'eventb' } }] }, { s: 'EventBridge' }, true],
  ['ends with', { FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, true],
  ['ends with, case', { s: [{ suffix: { 'equals-ignore-case': 'tbridge' } }] }, { s: 'EvenTBRIDGE' }, true],
  ['wildcard', { p: [{ wildcard: 'dir/*.png' }] }, { p: 'dir/a/b.png' }, true],
  ['wildcard, not', { p: [{ wildcard: 'dir/*.png' }] }, { p: 'dir/b.jpg' }, false],
  ['wildcard, special characters', { p: [{ wildcard: 'a.b(*)' }] }, { p: 'a.b(c)' }, true],
  ['wildcard, a dot is a dot', { p: [{ wildcard: 'a.b*' }] }, { p: 'axb' }, false],
  ['wildcard, escaped', { p: [{ wildcard: 'a\\*b\\\\*' }] }, { p: 'a*b\\c' }, true],
  ['wildcard, over lines', { p: [{ wildcard: 'a*b' }] }, { p: 'a\nb' }, true],
  ['anything but', { state: [{ 'anything-but': 'initializing' }] }, { state: 'running' }, true],
  ['anything but, it is', { state: [{ 'anything-but': 'initializing' }] }, { state: 'initializing' }, false],
  ['anything but, absent', { state: [{ 'anything-but': 'initializing' }] }, {}, false],
  ['anything but a list', { 'x-limit': [{ 'anything-but': [100, 200, 300] }] }, { 'x-limit': 200 }, false],
  ['anything but numbers', { 'x-limit': [{ 'anything-but': [100, 200] }] }, { 'x-limit': 300 }, true],
  ['anything but begins', { R: [{ 'anything-but': { prefix: 'us-' } }] }, { R: 'us-east-1' }, false],
  ['anything but ends', { f: [{ 'anything-but': { suffix: ['.png', '.jpg'] } }] }, { f: 'a.jpg' }, false],
  ['anything but wildcard', { f: [{ 'anything-but': { wildcard: '*/lib/*' } }] }, { f: 'a/src/b' }, true],
  ['anything but, case', { s: [{ 'anything-but': { 'equals-ignore-case': 'a' } }] }, { s: 'A' }, false],
  ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, true],
  ['exists, not', { ProductName: [{ exists: true }] }, { Other: 1 }, false],
  ['does not exist', { ProductName: [{ exists: false }] }, { Other: 1 }, true],
  ['does not exist, it does', { ProductName: [{ exists: false }] }, { ProductName: 1 }, false],
  ['exists only at ends', { state: [{ exists: true }] }, { state: { name: 'x' } }, false],
  ['numeric', { Price: [{ numeric: ['=', 100] }] }, { Price: 100 }, true],
  ['numeric range', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, true],
  ['numeric range, low', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 10 }, false],
  ['numeric, of text', { Price: [{ numeric: ['>', 10] }] }, { Price: '11' }, false],
  ['list in the event', { resources: ['a', 'b'] }, { resources: ['x', 'b'] }, true],
  ['list in the event, none', { resources: ['a'] }, { resources: ['x', 'y'] }, false],
  ['list of objects', { d: { n: ['a'] } }, { d: [{ n: 'x' }, { n: 'a' }] }, true],
  ['nested', { detail: { state: { name: ['ALARM'] } } }, { detail: { state: { name: 'ALARM' } } }, true],
  ['or', { $or: [{ a: [1] }, { b: [{ prefix: 'x' }] }] }, { b: 'xy' }, true],
  ['or, none', { $or: [{ a: [1] }, { b: [2] }], c: [3] }, { a: 1, c: 4 }, false],
  ['a field called $or', { $or: ['x'] }, { $or: 'x' }, true],
  ['not what is inherited', { constructor: [{ exists: false }] }, {}, true],
];

describe('matchPattern', () => {
  it.each(matching)('gives the documented result for %s', (_, pattern, event, expected) => {
    expect(matchPattern(pattern, event)).toBe(expected);
  });

  it('does not match an event that has none of the fields of the pattern', () => {
    expect(matchPattern({ source: ['aws.s3'] }, { source: 'aws.ec2' })).toBe(false);
    expect(matchPattern({ source: ['aws.s3'] }, 'aws.s3')).toBe(false);
  });

  it.each([
    ['no pattern', undefined],
    ['a list', []],
    ['an empty object', {}],
    ['an empty object inside', { detail: {} }],
    ['an empty list', { source: [] }],
    ['a bare value', { source: 'aws.s3' }],
    ['a list in a list', { source: [['aws.s3']] }],
    ['two operators in one', { key: [{ prefix: 'a', suffix: 'b' }] }],
    ['an operator EventBridge has not', { key: [{ contains: 'a' }] }],
    ['a prefix of a number', { key: [{ prefix: 1 }] }],
    ['exists of a text', { key: [{ exists: 'true' }] }],
    ['two stars', { key: [{ wildcard: 'a**b' }] }],
    ['a stray backslash', { key: [{ wildcard: 'a\\b' }] }],
    ['numeric without number', { key: [{ numeric: ['>', '1'] }] }],
    ['numeric beyond bounds', { key: [{ numeric: ['>', 5e9 + 1] }] }],
    ['anything-but of nothing', { key: [{ 'anything-but': [] }] }],
    ['anything-but of an operator it has not', { key: [{ 'anything-but': { numeric: ['=', 1] } }] }],
    ['more than 4,096 characters', { key: ['x'.repeat(4_096)] }],
  ])('rejects %s when it compiles the pattern', (_, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(
      expect.objectContaining({ name: 'InvalidEventPatternException' }),
    );
  });

  it('rejects cidr by name', () => {
    expect(() => compilePattern({ ip: [{ cidr: '10.0.0.0/24' }] })).toThrow(
      'events pattern operator cidr is not emulated',
    );
  });

  it('agrees with startsWith and endsWith for every text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (affix, key) => {
        expect(matchPattern({ key: [{ prefix: affix }] }, { key })).toBe(key.startsWith(affix));
        expect(matchPattern({ key: [{ suffix: affix }] }, { key })).toBe(key.endsWith(affix));
        const escaped = affix.replaceAll('\\', '\\\\').replaceAll('*', '\\*');
        expect(matchPattern({ key: [{ wildcard: `*${escaped}*` }] }, { key })).toBe(key.includes(affix));
      }),
    );
  });
});
