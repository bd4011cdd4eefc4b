import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSentJson } from '../../../lib/base/sentJson.ts';

const NAMES = ['NaN', 'Infinity', '-Infinity'];

describe('JSON with NaN and infinities', () => {
  it.each([
    { text: '[NaN , -Infinity,{"a":Infinity}]', value: [null, null, { a: null }], notANumbers: 3 },
    { text: 'NaN', value: null, notANumbers: 1 },
    { text: '{"NaN":"Infinity","a":"\\"NaN"}', value: { NaN: 'Infinity', a: '"NaN' }, notANumbers: 0 },
  ])('has null in their places alone: $text', ({ text, ...parsed }) => {
    expect(parseSentJson(text, JSON.parse)).toEqual(parsed);
  });

  it.each([
    '{NaN:1}',
    '[NaNs]',
    '[-NaN]',
    '[+Infinity]',
    '[nan]',
    '[1NaN]',
    '[NaN 1]',
    '[NaN,]',
    '[NaN',
    '["NaN]',
    '{"events":[NaN],"a":"\\"}',
  ])('is refused where they stand in no place of a value: %s', (text) => {
    expect(() => parseSentJson(text, JSON.parse)).toThrow(SyntaxError);
  });

  it('is refused by the error of the text as it was sent', () => {
    const errors: unknown[] = [];
    const parse = (text: string) => {
      const error = new SyntaxError(text);
      errors.push(error);
      throw error;
    };
    expect(() => parseSentJson('[NaN', parse)).toThrow('[NaN');
    expect(errors).toHaveLength(2);
  });

  it.each([
    { what: 'as it was sent', text: '[1]', fails: '[1]' },
    { what: 'with null in the places', text: '[NaN]', fails: '[null]' },
  ])('passes on another error of the parser, of the text $what', ({ text, fails }) => {
    const deep = new RangeError('too deep');
    const parse = (given: string) => {
      if (given === fails) throw deep;
      return JSON.parse(given);
    };
    expect(() => parseSentJson(text, parse)).toThrow(deep);
  });

  it('differs in nothing else from any JSON', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('NaN', '"NaN', '\\', '\\"', ':NaN,', 'Infinity]'));
    const anything = fc.anything({
      values: [text, fc.double(), fc.boolean(), fc.constant(null)],
      key: text,
    });
    const spaced = fc.constantFrom(undefined, 1);
    fc.assert(
      fc.property(anything, fc.constantFrom(...NAMES), spaced, fc.uuid(), (value, name, space, mark) => {
        // The names take the places of the numbers.
        const marked = JSON.stringify(
          [value, 1],
          (_key, member) => (typeof member === 'number' ? mark : member),
          space,
        );
        const place = `"${mark}"`;
        const count = marked.split(place).length - 1;
        const sent = marked.replaceAll(place, name);
        const expected = marked.replaceAll(place, 'null');
        expect(parseSentJson(sent, JSON.parse)).toEqual({ value: JSON.parse(expected), notANumbers: count });
      }),
    );
  });

  // Their parts are joined 10,000 at once: each alone would need many times the memory of its characters.
  it('may have a million of them', () => {
    const { value, notANumbers } = parseSentJson(`[${'NaN,'.repeat(1_000_000)}"NaN"]`, JSON.parse);
    expect(notANumbers).toBe(1_000_000);
    expect(value).toHaveLength(1_000_001);
    expect(value).toHaveProperty(['1000000'], 'NaN');
  });
});
