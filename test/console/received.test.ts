import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatReceived } from '../../console/page/texts/received.ts';
import { visibleText } from '../../lib/base/text.ts';

describe('a refused body in the console', () => {
  it('is indented', () => {
    expect(formatReceived('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  });

  it('is indented also with a long text', () => {
    const long = JSON.stringify({ a: 'x'.repeat(300_000) });
    // A comparison by toBe would print both texts.
    expect(formatReceived(long) === `{\n  "a": ${long.slice(5, -1)}\n}`).toBe(true);
  });

  it('has hidden characters as escapes', () => {
    expect(formatReceived('x\u202ey')).toBe('x\\u202ey');
  });

  it('is indented as JSON.stringify does it, whatever its own space is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1), (value, indent) => {
        const sent = JSON.stringify(value, null, indent);
        expect(formatReceived(sent)).toBe(visibleText(JSON.stringify(value, null, 2)));
      }),
    );
  });

  it('has the numbers, keys and escapes that were sent', () => {
    const sent = '{"id":9007199254740993,"v":1.0,"e":1E400,"id":-0,"s":"\\u0041\\"[,]"}';
    expect(formatReceived(sent).replaceAll(/\n *|(?<=:) /g, '')).toBe(sent);
  });

  it.each([
    { what: 'nested deeply', body: '['.repeat(3_000) + '1'.repeat(1_000) + ']'.repeat(3_000) },
    { what: 'very long, and no JSON', body: '[1,'.repeat(300_000) },
  ])('does not grow when it is $what', ({ body }) => {
    expect(formatReceived(body) === body).toBe(true);
  });
});
