import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { encodeLines } from '../../../../lib/landing/store/encodeLines.ts';
import { DAY, line, member, read, rowOf } from './landedBytes.ts';

/** How a line of events begins. */
const HEAD = '{"kind":"events","ds":"2026-11-25"';

describe('a line of a member', () => {
  it.each<{ title: string; wrong: string | Buffer; rowLike?: number; isLast?: boolean }>([
    {
      title: 'a kind of a newer release',
      wrong: '{"kind":"orders","ds":"2026-11-25","row":{}}\n',
    },
    {
      title: 'an object in its head',
      wrong: `${HEAD},"v":{"b":2},"row":{}}\n`,
    },
    {
      title: 'a member twice in its head',
      wrong: `${HEAD},"v":2,"ds":"2026-11-26","row":{}}\n`,
    },
    {
      title: 'a head that is too long',
      wrong: `${HEAD},"v":"${'a'.repeat(200)}","row":{}}\n`,
    },
    {
      title: 'more behind its row',
      wrong: `${HEAD},"row":{"a":1},"v":{"b":2}}\n`,
    },
    {
      title: 'two rows',
      wrong: `${HEAD},"row":{"a":1},"row":{"a":2}}\n`,
    },
    {
      title: 'a day that does not exist',
      wrong: '{"kind":"events","ds":"2026-02-30","row":{}}\n',
    },
    { title: 'a row that is a list', wrong: `${HEAD},"row":[]}\n`, rowLike: 0 },
    {
      title: 'its members in another order',
      wrong: '{"ds":"2026-11-25","kind":"events","row":{}}\n',
      rowLike: 0,
    },
    { title: 'no closing brace', wrong: `${HEAD},"row":{}\n` },
    {
      title: 'a letter before its closing brace',
      wrong: `${HEAD},"row":{}x\n`,
    },
    {
      title: 'a row that begins as a list',
      wrong: `${HEAD},"row":[{}}\n`,
      rowLike: 0,
    },
    { title: 'no JSON', wrong: 'hello\n', rowLike: 0 },
    { title: 'no text', wrong: '\n', rowLike: 0 },
    { title: 'no line break, at the end', wrong: 'hello', rowLike: 0, isLast: true },
    {
      title: 'bytes that are no UTF-8',
      wrong: Buffer.from(`${HEAD},"row":{"a":"m\xfcller"}}\n`, 'latin1'),
    },
  ])(
    'is skipped, and the other lines of its member are rows: $title',
    ({ wrong, rowLike = 1, isLast = false }) => {
      const text = isLast ? [line('a'), line('b'), wrong] : [line('a'), wrong, line('b')];
      const first = gzipSync(Buffer.concat(text.map((part) => Buffer.from(part))));
      const object = new LandedObject(Buffer.concat([first, member('c')]));
      const ids = Array.from(object.rows(), ({ json }) => JSON.parse(json).event_id);
      expect({ ids: ids.sort(), skipped: { ...object.skipped } }).toMatchObject({
        ids: ['a', 'b', 'c'],
        skipped: { lines: 1, rowLike, count: 1, ranges: [{ from: 0, to: first.length, why: 'lines' }] },
      });
    },
  );

  it('is a row if it has the head and the end of one: whether the row is JSON, DuckDB says', () => {
    const object = new LandedObject(gzipSync(`${HEAD},"row":{no JSON}}\n`));
    expect([...object.rows()]).toEqual([{ kind: 'events', day: DAY, json: '{no JSON}' }]);
  });

  it('is a row also without its line break at the end of a member', () => {
    expect(read(gzipSync(`${line('a')}${line('b').slice(0, -1)}`))).toEqual({ ids: ['a', 'b'], skipped: [] });
  });

  it('is a row whose text holds what may end a row', () => {
    const json = JSON.stringify({ event_id: 'a', raw: '},"v":{}},' });
    const bytes = encodeLines({ events: [{ day: DAY, json }, rowOf('b')] }) ?? Buffer.of();
    expect(read(bytes)).toEqual({ ids: ['a', 'b'], skipped: [] });
  });
});

describe('lines of a member that are no rows', () => {
  const MOST_LINES = 1_000;
  /** A member with a row and so many lines that are none. */
  const withLines = (count: number) => gzipSync(`${line('a')}${'x\n'.repeat(count)}`);

  it('cost no row of the member up to a thousand', () => {
    expect(read(Buffer.concat([withLines(MOST_LINES), member('b')])).ids).toEqual(['a', 'b']);
  });

  it('have the member skipped as a whole if they are more', () => {
    const many = withLines(MOST_LINES + 1);
    expect(read(Buffer.concat([many, member('b')]))).toEqual({
      ids: ['b'],
      skipped: [{ from: 0, to: many.length, why: 'many_lines' }],
    });
  });

  it('are counted up to a thousand and one', () => {
    const object = new LandedObject(withLines(3 * MOST_LINES));
    expect([...object.rows()]).toEqual([]);
    expect(object.skipped.lines).toBe(MOST_LINES + 1);
  });
});
