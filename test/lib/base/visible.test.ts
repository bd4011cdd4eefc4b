import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { visibleJson, visibleLine, visibleText } from '../../../lib/base/text.ts';

/** All that may be in what is shown, besides what a font draws. */
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\ud800', '\udc00', '\u001b')),
});

describe('text for a terminal', () => {
  it.each([
    ['a colour', 'a\u001b[31mb', 'a\\u001b[31mb'],
    ['a title', '\u001b]0;mine\u0007', '\\u001b]0;mine\\u0007'],
    ['C1, as which some terminals take one character', '\u009b2J\u0085', '\\u009b2J\\u0085'],
    ['backspace, delete and carriage return', 'ok\b\u007f\rno', 'ok\\u0008\\u007f\\rno'],
    ['bidirectional controls', 'gpj\u202eexe\u2066\u061c', 'gpj\\u202eexe\\u2066\\u061c'],
    ['what has no width', 'a\u200b\u200d\u2060\ufeff\u00adb', 'a\\u200b\\u200d\\u2060\\ufeff\\u00adb'],
    ['separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['lone surrogates', '\ud83d \udc00', '\\ud83d \\udc00'],
    ['tags', 'x\u{e0041}', 'x\\u{e0041}'],
    ['fillers, and selectors of nothing', 'a\u3164b\ufe0f\u{e0101}', 'a\\u3164b\\ufe0f\\u{e0101}'],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
  ])('shows %s as escapes', (_, text, shown) => expect(visibleLine(text)).toBe(shown));

  it('shows all printable characters unchanged', () => {
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
