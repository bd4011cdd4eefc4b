import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { eraseResult } from '../../../lib/erase/eraseResult.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

describe('a result of a query', () => {
  const { path: directory, remove } = temporaryDirectory();
  afterAll(remove);
  const path = join(directory, 'result.csv');
  const found = { own: 1, others: 0, body: null };
  const search = (bytes: Uint8Array, value = 'user-1') => {
    writeFileSync(path, bytes);
    return eraseResult(path, new UnitMatcher([parseUnit(`user_id=${value}`, { unitIds: {} })]));
  };

  it('goes as a whole if it has the value: gzipped, with doubled quotes, or within JSON, too', async () => {
    expect(await search(Buffer.from('"user_id"\n"user-1"\n'))).toEqual(found);
    expect(await search(gzipSync('"user_id"\n"user-1"\n'))).toEqual(found);
    expect(await search(Buffer.from('"a""b"'), 'a"b')).toEqual(found);
    expect(await search(Buffer.from('"{""id"":""a\\""b""}"'), 'a"b')).toEqual(found);
    expect(await search(Buffer.from('"user_id"\n"user-2"\n'))).toEqual({ own: 0 });
    expect(await search(gzipSync('"user-2"').subarray(0, 12))).toBe('unreadable');
  });

  it('is searched for each of several values, also for a long one beside a short one', async () => {
    const long = `user-${'y'.repeat(60)}`;
    const units = ['user_id=a7', `stable_id=${long}`].map((text) => parseUnit(text, { unitIds: {} }));
    for (const text of [`${'x,'.repeat(512 * 1024 - 20)}${long}`, `ORC\0${long}`, 'a7', `"${long}"`]) {
      writeFileSync(path, text);
      expect(await eraseResult(path, new UnitMatcher(units))).toEqual(found);
    }
  });

  it('fails if it cannot be read for another reason than its bytes', async () => {
    const matcher = new UnitMatcher([parseUnit('user_id=user-1', { unitIds: {} })]);
    await expect(eraseResult(join(directory, 'missing.csv'), matcher)).rejects.toThrow('ENOENT');
  });

  it('goes if the value is quoted, or anything is spelled in other characters, also across the pieces in which it is read', async () => {
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ id });
    const csv = (text: string) => `"${text.replaceAll('"', '""')}"`;
    for (const text of [json, csv(json), csv(JSON.stringify(json)), '\\u00fc', 'm%C3%BCller', 'm&uuml;ller'])
      for (const before of [0, 1024 * 1024 - 20, 1024 * 1024 - 4])
        expect(await search(Buffer.from(`${'x,'.repeat(before / 2)}${text}`), id)).toEqual(found);
    expect(await search(Buffer.from(csv(json.replace('字', '字x'))), id)).toEqual({ own: 0 });
    expect(await search(Buffer.from(csv(json.replace('O', 'P'))), id)).toEqual({ own: 0 });
  });

  it('is searched across the pieces in which it is read', async () => {
    const long = Buffer.alloc(3 * 1024 * 1024, 'x');
    const mega = 1024 * 1024;
    const field = ',user-1';
    const aroundPiece = Array.from({ length: 12 }, (_, i) => mega - 10 + i);
    for (const start of [...aroundPiece, 2 * mega - 2, long.length - field.length]) {
      const bytes = Buffer.from(long);
      const end = start + field.length;
      bytes.write(field, start);
      bytes.write(end < bytes.length ? ',' : '', end);
      expect(await search(bytes)).toEqual(found);
      // A part of a longer word.
      bytes.write('x', start);
      expect(await search(bytes)).toEqual({ own: 0 });
      bytes.write(end < bytes.length ? ',user-1x' : 'xuser-1', start);
      expect(await search(bytes)).toEqual({ own: 0 });
    }
    // Longer words wherever a piece may begin.
    for (let shift = 0; shift < 8; shift += 1) {
      const words = Buffer.from(long.subarray(0, mega + 10));
      words.write('xuser-1,'.repeat(200), mega - 1_610 + shift);
      expect(await search(words)).toEqual({ own: 0 });
    }
  });

  it('stays with longer words that have the value, except in bytes that are no text', async () => {
    expect(await search(Buffer.from('"n"\n"1420"\n"a-42"\n'), '42')).toEqual({ own: 0 });
    for (const text of ['"42"', '42', 'a,42', '"{""n"":42}"', '"x\\n42"', '“42”'])
      expect(await search(Buffer.from(text), '42')).toEqual(found);
    expect(await search(Buffer.from('ORC\0a42b'), '42')).toEqual(found);
    expect(await search(Buffer.from('ORC\0a43b'), '42')).toEqual({ own: 0 });
  });

  it('is no text as a whole if it has a byte that no text has, also far behind the value', async () => {
    const mega = 1024 * 1024;
    const bytes = Buffer.alloc(3 * mega, 'x');
    bytes.write('a42b', 10);
    expect(await search(bytes, '42')).toEqual({ own: 0 });
    bytes.write('\0', 2 * mega);
    expect(await search(bytes, '42')).toEqual(found);
  });
});
