import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  counted,
  displayValue,
  escapePattern,
  listed,
  nearestNames,
  percent,
  quotedName,
  shortText,
  someOf,
  visibleJson,
  visibleLine,
  visibleText,
} from '../../../lib/base/text.ts';

/** All that may be in what is shown, besides what a font draws. */
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\ud800', '\udc00', '\u001b')),
});

describe('text for a terminal', () => {
  it.each([
    { what: 'a colour', text: 'a\u001b[31mb', shown: 'a\\u001b[31mb' },
    { what: 'a title', text: '\u001b]0;mine\u0007', shown: '\\u001b]0;mine\\u0007' },
    {
      what: 'C1, as which some terminals take one character',
      text: '\u009b2J\u0085',
      shown: '\\u009b2J\\u0085',
    },
    { what: 'backspace, delete and carriage return', text: 'ok\b\u007f\rno', shown: 'ok\\u0008\\u007f\\rno' },
    {
      what: 'bidirectional controls',
      text: 'gpj\u202eexe\u2066\u061c',
      shown: 'gpj\\u202eexe\\u2066\\u061c',
    },
    {
      what: 'what has no width',
      text: 'a\u200b\u200d\u2060\ufeff\u00adb',
      shown: 'a\\u200b\\u200d\\u2060\\ufeff\\u00adb',
    },
    { what: 'separators', text: 'a\u2028b\u2029', shown: 'a\\u2028b\\u2029' },
    { what: 'lone surrogates', text: '\ud83d \udc00', shown: '\\ud83d \\udc00' },
    { what: 'tags', text: 'x\u{e0041}', shown: 'x\\u{e0041}' },
    {
      what: 'fillers, and selectors of nothing',
      text: 'a\u3164b\ufe0f\u{e0101}',
      shown: 'a\\u3164b\\ufe0f\\u{e0101}',
    },
    { what: 'line breaks and tabs', text: 'a\r\n\tb', shown: 'a\\r\\n\\tb' },
  ])('shows $what as escapes', ({ text, shown }) => {
    expect(visibleLine(text)).toBe(shown);
  });

  it('shows letters, signs and emojis unchanged', () => {
    const text = 'ünïcode 日本語 עברית ✓ 👍🏽 ❤️ – “x” \\u001b';
    expect(visibleText(text)).toBe(text);
    expect(visibleLine(text)).toBe(text);
    expect(JSON.parse(visibleJson(text))).toBe(text);
  });

  it('keeps the lines of a text', () => {
    expect(visibleText('one\ntwo\r\n\tthree\n')).toBe('one\ntwo\\r\n\\tthree\n');
  });

  it('shows no control character of any text, and keeps JSON equal for parsers', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visibleLine(text)).not.toMatch(RAW);
        expect(visibleText(text).replaceAll('\n', '')).not.toMatch(RAW);
        const value = { [text]: [text, 1, null] };
        expect(visibleJson(value)).not.toMatch(RAW);
        expect(JSON.parse(visibleJson(value, 2))).toEqual(value);
      }),
    );
  });
});

it.each([
  { what: 'what is not there as such', value: undefined, shown: 'nothing' },
  { what: 'an object as JSON', value: { a: [1, null] }, shown: '{"a":[1,null]}' },
  { what: 'a text of 80 characters with its quotes', value: 'x'.repeat(78), shown: `"${'x'.repeat(78)}"` },
  { what: 'a longer text by its beginning', value: 'x'.repeat(79), shown: `"${'x'.repeat(76)}…` },
])('a message shows $what', ({ value, shown }) => {
  expect(displayValue(value)).toBe(shown);
});

it.each([
  { what: 'letters, marks and emojis as they are', name: 'prénom יום 👍🏽', shown: '"prénom יום 👍🏽"' },
  { what: 'what JSON escapes as JSON has it', name: 'a"b\\c\td', shown: String.raw`"a\"b\\c\td"` },
  {
    what: 'what nobody sees as escapes',
    name: '\ufefftime\u00a0stamp',
    shown: String.raw`"\ufefftime\u00a0stamp"`,
  },
  { what: 'both halves of a tag', name: 'x\u{e0041}', shown: String.raw`"x\udb40\udc41"` },
])('a name in quotes shows $what', ({ name, shown }) => {
  expect(quotedName(name)).toBe(shown);
  expect(JSON.parse(shown)).toBe(name);
});

it.each([
  { value: 0, shown: '0 files' },
  { value: 1, shown: '1 file' },
  { value: 12_345, shown: '12,345 files' },
])('$value of something are $shown', ({ value, shown }) => {
  expect(counted(value, 'file')).toBe(shown);
});

it.each([
  { some: 1, all: 1, shown: '1 of 1 file' },
  { some: 1_200, all: 12_345, shown: '1,200 of 12,345 files' },
])('$some of $all files are told as $shown', ({ some, all, shown }) => {
  expect(someOf(some, all, 'file')).toBe(shown);
});

it.each([
  { share: 0.125, digits: undefined, shown: '12.5 %' },
  { share: 0.12345, digits: undefined, shown: '12.3 %' },
  { share: 0.12345, digits: 2, shown: '12.35 %' },
  { share: 1, digits: undefined, shown: '100 %' },
])('a share of $share with $digits digits is $shown', ({ share, digits, shown }) => {
  expect(percent(share, digits)).toBe(shown);
});

it('a text as a pattern matches itself and nothing else', () => {
  const text = String.raw`\^$.*+?()[]{}|`;
  expect(text).toMatch(new RegExp(`^${escapePattern(text)}$`, 'u'));
  expect('a+b').not.toMatch(new RegExp(`^${escapePattern('a.b')}$`));
});

it.each([
  { names: [], shown: '' },
  { names: ['a'], shown: 'a' },
  { names: ['a', 'b', 'c', 'd', 'e'], shown: 'a, b, c, d, e' },
  { names: ['a', 'b', 'c', 'd', 'e', 'f'], shown: 'a, b, c, d, e and 1 more' },
])('of $names.length names the first five are shown, and how many follow', ({ names, shown }) => {
  expect(listed(names)).toBe(shown);
});

it('a text of any length is cut with its length behind it', () => {
  expect(shortText('purchase', 8)).toBe('purchase');
  expect(shortText('n'.repeat(5_000), 4)).toBe('nnnn… (5000 characters)');
});

describe('nearestNames', () => {
  it.each([
    { word: 'chekcout', mistake: 'two letters the other way round', names: ['checkout'] },
    { word: 'checkout', mistake: 'none', names: ['checkout'] },
    { word: 'sea', mistake: 'only its beginning', names: ['search'] },
    { word: 'jsno', mistake: 'letters the other way round, without dashes', names: ['--json'] },
    { word: 'payment', mistake: 'another word', names: [] },
    { word: 's', mistake: 'one letter, with which a name begins', names: [] },
    { word: 'arch', mistake: 'two letters less, of four', names: [] },
    { word: 'sxrch', mistake: 'two other letters, of five', names: ['search'] },
    { word: 'chxxxout', mistake: 'three other letters, of eight', names: [] },
    { word: 'chxxkoutt', mistake: 'three other letters, of nine', names: ['checkout'] },
  ])('finds what is meant by $word: $mistake', ({ word, names }) => {
    expect(nearestNames(word, ['checkout', 'checkout_new', 'search', '--json'])).toEqual(names);
  });

  it('does not compare a word with names of a million letters', () => {
    const known = Array.from({ length: 100 }, (_, i) => `${i}${'x'.repeat(1_000_000)}`);
    const begun = process.cpuUsage();
    expect(nearestNames('checkout_button_color', [...known, 'checkout_button_colour'])).toEqual([
      'checkout_button_colour',
    ]);
    // Letter by letter it would be 2,000 million steps.
    expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
  });
});
