import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readLines } from '../../../../lib/landing/adopt/failedRecords.ts';

async function read(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks))) lines.push(line);
  return lines;
}

describe('lines of a stream', () => {
  it('are the same however the stream is split, even inside a character', async () => {
    const text = fc.array(
      fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '\u2028')),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (lines, size) => {
        const bytes = Buffer.from(`${lines.join('\n')}\n`);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        expect(await read(chunks)).toEqual(bytes.toString('utf8').slice(0, -1).split('\n'));
      }),
    );
  });

  it('include a last line without a newline', async () => {
    expect(await read([Buffer.from('a\n\nb')])).toEqual(['a', '', 'b']);
    expect(await read([])).toEqual([]);
  });

  it('are rejected when a line never ends', async () => {
    await expect(read(Array.from({ length: 9 }, () => Buffer.alloc(1_048_576, 'x')))).rejects.toThrow(
      RangeError,
    );
  });
});
