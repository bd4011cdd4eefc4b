import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../../src/disk/files.ts';
import { LineJournal } from '../../src/disk/LineJournal.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const lineSchema = z.string();
let directory: ReturnType<typeof temporaryDirectory>;
let file: string;

beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'journal.jsonl');
});
afterEach(() => directory.remove());

const open = () => LineJournal.open(file, (value) => lineSchema.parse(value));
/** What the file holds. */
function readLines(): string[] {
  const { journal, lines } = open();
  journal.close();
  return lines;
}

describe('LineJournal', () => {
  it('holds all appended and compacted lines, wherever a kill cuts the last line', () => {
    const step = fc.oneof(
      fc.record({ append: fc.string({ unit: 'binary' }) }),
      fc.record({ compact: fc.array(fc.string(), { maxLength: 3 }) }),
      fc.record({ tear: fc.integer({ min: 0, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let expected: string[] = ['first'];
        let journal = LineJournal.create(file, expected);
        for (const journalStep of steps) {
          if ('append' in journalStep) {
            journal.append(journalStep.append);
            expected = [...expected, journalStep.append];
          } else if ('compact' in journalStep) {
            journal.compact(journalStep.compact);
            expected = journalStep.compact;
          } else {
            journal.close();
            // Bytes, not characters: a kill may tear one.
            const torn = Buffer.from(JSON.stringify('é torn line of some length')).subarray(
              0,
              journalStep.tear,
            );
            appendFileSync(file, torn);
            const opened = open();
            expect(opened.lines).toEqual(expected);
            journal = opened.journal;
          }
          expect(journal.lines).toBe(expected.length);
        }
        journal.close();
        expect(readLines()).toEqual(expected);
        expect(readdirSync(directory.path)).toEqual(['journal.jsonl']);
      }),
      { numRuns: 200 },
    );
  });

  it('names a damaged line in its error', () => {
    LineJournal.create(file, ['fine', 'half', 'fine']).close();
    writeFileSync(file, readFileSync(file, 'utf8').replace('half', 'hall'));
    expect(open).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringContaining('journal.jsonl, line 2.'),
      }),
    );
  });

  it('finds every damaged byte, tells what can be read, and keeps the file', () => {
    const lines = ['first', 'second é', 'third'];
    LineJournal.create(file, lines).close();
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 1) {
      for (const bit of [1, 8, 128]) {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(whole.readUInt8(at) ^ bit, at);
        writeFileSync(file, damaged);
        expect(open).toThrow(
          expect.objectContaining({
            code: 'LOCAL_AWS_DISK_DAMAGED',
            message: expect.stringMatching(/journal\.jsonl, line \d\. \d of \d lines can be read\.$/),
          }),
        );
        expect(readFileSync(file).equals(damaged)).toBe(true);
      }
    }
  });

  it('has a last line that lacks nothing but its end, and appends to it', () => {
    LineJournal.create(file, ['first', 'last']).close();
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    const { journal, lines } = open();
    expect(lines).toEqual(['first', 'last']);
    expect(journal.lines).toBe(2);
    journal.append('next');
    journal.close();
    expect(readLines()).toEqual(['first', 'last', 'next']);
  });

  it.each([
    { what: 'zeros', tail: '\0'.repeat(300) },
    { what: 'garbage', tail: '\u0003\u0010\ufffdxyz' },
    { what: 'text of something else', tail: '<html>' },
    { what: 'lines that have no ends', tail: '"a"\t#00000000"b"\t#00000000' },
  ])('does not take for a line that a kill has cut: $what', ({ tail }) => {
    LineJournal.create(file, ['first', 'second']).close();
    const damaged = Buffer.concat([readFileSync(file), Buffer.from(tail)]);
    writeFileSync(file, damaged);
    expect(open).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringMatching(/journal\.jsonl, line 3\. 2 of 3 lines can be read\.$/),
      }),
    );
    expect(readFileSync(file).equals(damaged)).toBe(true);
  });

  it('ignores temporary files that a killed process leaves beside it', () => {
    writeFileSync(`${file}.tmp`, '"half a rewr');
    LineJournal.create(file, ['a']).close();
    writeFileSync(`${file}.tmp`, '"half a rewr');
    const { journal } = open();
    journal.compact(['b']);
    journal.append('c');
    journal.close();
    expect(readLines()).toEqual(['b', 'c']);
  });

  it('keeps exactly the acknowledged lines while the disk is full', () => {
    const other = join(directory.path, 'other.json');
    const script = join(import.meta.dirname, 'appendUntilFull.ts');
    const { stdout, stderr, status } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 1 && exec "$@"', 'sh', process.execPath, script, file, other],
      // Jest cannot end what runs synchronously.
      { encoding: 'utf8', timeout: 200_000 },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { acknowledged, failures } = z
      .object({ acknowledged: z.array(z.string()), failures: z.array(z.string()) })
      .parse(JSON.parse(stdout));
    expect(acknowledged.map((line) => line.split(' ')[0])).toEqual([
      ...acknowledged.slice(3).map(() => 'long'),
      'short',
      'last',
      'after',
    ]);
    expect(acknowledged.length).toBeGreaterThan(4);
    expect(failures).toEqual(['append: EFBIG', 'append: EFBIG', 'replace: EFBIG']);
    expect(readLines()).toEqual(acknowledged);
    expect(readJsonFile(other, z.string())).toBe('old');
    expect(readdirSync(directory.path).sort()).toEqual(['journal.jsonl', 'other.json']);
  });
});

describe('writeJsonFile', () => {
  it('writes what readJsonFile reads, and any damaged byte is found', () => {
    writeJsonFile(file, 'a value');
    expect(readJsonFile(file, lineSchema)).toBe('a value');
    const whole = readFileSync(file);
    // The last byte is the line end, which means nothing.
    for (let at = 0; at < whole.length - 1; at += 1) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(whole.readUInt8(at) ^ 1, at);
      writeFileSync(file, damaged);
      expect(() => readJsonFile(file, lineSchema)).toThrow(
        expect.objectContaining({ code: 'LOCAL_AWS_DISK_DAMAGED' }),
      );
    }
  });
});

describe('readJsonFile', () => {
  it('returns undefined for a missing file, and names a file that it cannot read', () => {
    expect(readJsonFile(file, lineSchema)).toBeUndefined();
    expect(readJsonFile(join(file, 'beneath'), lineSchema)).toBeUndefined();
    for (const text of ['{"half":', '7']) {
      writeFileSync(file, text);
      expect(() => readJsonFile(file, lineSchema)).toThrow(
        expect.objectContaining({ code: 'LOCAL_AWS_DISK_DAMAGED', detail: `${file}.` }),
      );
    }
    expect(readFileSync(file, 'utf8')).toBe('7');
  });
});
