import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { engineFailure } from '../../../lib/parquet/EngineError.ts';
import { fileFailure } from '../../../lib/parquet/FileError.ts';

/** An error of a session, in DuckDB's own sentences, as of 1.5. */
const thrown = (type: string, text: string) =>
  new Error(JSON.stringify({ exception_type: type, exception_message: text }));

describe('an error of DuckDB', () => {
  it.each([
    {
      type: 'Out of Memory',
      text: 'failed to allocate data of size 128.0 MiB (21.2 MiB/64.0 MiB used)',
      code: 'OUT_OF_MEMORY',
    },
    {
      type: 'Out of Memory',
      text: 'could not allocate block of size 256.0 KiB (63.9 MiB/64.0 MiB used)',
      code: 'OUT_OF_MEMORY',
    },
    {
      type: 'Out of Memory',
      text: 'failed to pin block of size 256.0 KiB (20.2 MiB/20.0 MiB used)',
      code: 'OUT_OF_MEMORY',
    },
    {
      type: 'Out of Memory',
      text: "failed to offload data block of size 256.0 KiB (1.0 MiB/1.0 MiB used).\nThis limit was set by the 'max_temp_directory_size' setting.",
      code: 'OUT_OF_DISK',
    },
    {
      type: 'IO',
      text: 'Could not write file "/tmp/load/1.tmp": No space left on device',
      code: 'OUT_OF_DISK',
    },
    { type: 'INTERRUPT', text: 'Interrupted!', code: 'FAILED' },
  ])(
    'of the machine is SLUICE_ENGINE_$code, and no error of a file: $type, $text',
    ({ type, text, code }) => {
      const error = thrown(type, text);
      expect(engineFailure(error).code).toBe(`SLUICE_ENGINE_${code}`);
      expect(fileFailure(error, 'a.parquet')).toBeNull();
    },
  );

  it('has no path of the machine in its message', () => {
    const error = thrown('IO', 'Could not write file "/tmp/load/1.tmp": No space left on device');
    expect(engineFailure(error).detail).toBe('Could not write file: No space left on device');
  });

  it('of another cause is one of the file that is read, or else of the engine', () => {
    const error = thrown('INTERNAL', 'Attempted to access index 3 within vector of size 3');
    expect(engineFailure(error).code).toBe('SLUICE_ENGINE_FAILED');
    expect(fileFailure(error, 'a.parquet')?.code).toBe('SLUICE_INGEST_FILE_DAMAGED');
  });

  it.each([
    { text: 'Out of memory: cannot allocate', code: 'SLUICE_ENGINE_OUT_OF_MEMORY' },
    { text: '{ no JSON', code: 'SLUICE_ENGINE_FAILED' },
  ])('is $code if it is plain text: $text', ({ text, code }) => {
    const { code: found, message } = engineFailure(new Error(text));
    expect(found).toBe(code);
    expect(message).toContain(text);
  });

  it('keeps 300 characters of a message', () => {
    const text = 'so '.repeat(1_000);
    expect(engineFailure(thrown('INTERNAL', text)).detail).toBe(text.slice(0, 300));
  });

  it('of the memory keeps its numbers: the limit', () => {
    const text = 'failed to pin block of size 256.0 KiB (20.2 MiB/20.0 MiB used)';
    expect(engineFailure(thrown('Out of Memory', text)).message).toContain(text);
  });

  it('is reported without the values that it quotes, whatever they are', () => {
    const value = fc
      .string({ minLength: 1, unit: fc.constantFrom('§', '"', "'", '\n', ' ', '7', '/', 'out of memory') })
      .map((text) => `§${text}`);
    fc.assert(
      fc.property(
        value,
        fc.constantFrom<(value: string) => string>(
          (text) => `Invalid string encoding found in Parquet file: value "${text}" is not valid UTF8!`,
          (text) => `Could not convert string '${text}' to INT32`,
          (text) => `Type VARCHAR with value ${text} can't be cast to the destination type MAP(INTEGER)`,
          (text) => `Malformed JSON at byte 1 of input: unexpected character.  Input: "${text}"`,
          (text) => `Invalid hex escape code in string -> blob conversion of string "${text}": ${text}`,
        ),
        (text, sentence) => {
          const failure = fileFailure(thrown('Invalid Input', sentence(text)), 'a.parquet');
          expect(failure?.message).toContain('a.parquet: ');
          expect(failure?.message).not.toMatch(/§|7|out of memory/);
        },
      ),
    );
  });

  it.each([
    {
      what: 'a text that speaks of encryption',
      text: 'Invalid string encoding found in Parquet file: value "the encrypted\\xFF one" is not valid UTF8!',
      code: 'SLUICE_INGEST_FILE_TEXT_INVALID',
    },
    {
      what: 'a text that speaks of a codec',
      text: `Could not convert string 'unsupported codec' to INT32`,
      code: 'SLUICE_INGEST_FILE_DAMAGED',
    },
    {
      what: 'a value without quotation marks that speaks of an encoding',
      text: "Type VARCHAR with value unsupported encoding can't be cast to the destination type MAP",
      code: 'SLUICE_INGEST_FILE_DAMAGED',
    },
    {
      what: 'the path of a file',
      text: 'Failed to read Parquet file "/data/encrypted.parquet": Unsupported compression codec 9',
      code: 'SLUICE_INGEST_FILE_CODEC_UNSUPPORTED',
    },
  ])('is not judged by what it quotes: $what', ({ text, code }) => {
    expect(fileFailure(thrown('Invalid Input', text), 'a.parquet')?.code).toBe(code);
  });

  it('is reported without numbers, which may be values', () => {
    const overflow = 'Overflow in multiplication of INT64 (9223372036854775807 * 10)!';
    expect(fileFailure(thrown('Out of Range', overflow), 'a')?.message).not.toMatch(/9223|10\)/);
  });
});
