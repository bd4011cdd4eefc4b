import { describe, expect, it } from '@jest/globals';
import { writtenOut } from '../../console/page/parts/format.ts';

describe('a refused body in the console', () => {
  it('is indented, with hidden characters as escapes', () => {
    expect(writtenOut('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    const long = JSON.stringify({ a: 'x'.repeat(300_000) });
    expect(writtenOut(long)).toBe(`{\n  "a": ${long.slice(5, -1)}\n}`);
    expect(writtenOut('x\u202ey')).toBe('x\\u202ey');
  });

  const nested = `${'['.repeat(60)}1${']'.repeat(60)},`.repeat(1_000);
  it.each([
    ['nested deeply', '['.repeat(3_000) + '1'.repeat(1_000) + ']'.repeat(3_000)],
    [
      'nested deeply, many times',
      Array(20)
        .fill(`${'['.repeat(2_000)}1${']'.repeat(2_000)}`)
        .join(),
    ],
    ['very long', '[1,'.repeat(300_000)],
    ['nested, and long', `[${nested}1]`],
  ])('does not grow when it is %s', (_what, body) => {
    expect(writtenOut(body)).toBe(body);
  });
});
