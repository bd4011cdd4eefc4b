import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lineFailure } from '../../../../lib/landing/write/lineStatements.ts';
import { type RoundRequest, writeRound } from '../../../../lib/landing/write/writeRound.ts';
import { config, keyOf, LandingBucket, NOW, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;

beforeEach(() => {
  bucket = new LandingBucket();
});

afterEach(() => bucket.remove());

describe('lines of a round', () => {
  /** Writes one line. */
  function round(
    more: Partial<RoundRequest['lines'][number]>,
    text = `${rowOf('events', 'e').json}\n`,
    now = NOW,
  ) {
    const path = join(bucket.directory, 'lines');
    const { day } = rowOf('events', 'e');
    writeFileSync(path, text);
    const bytes = text.length;
    const line = {
      kind: 'events',
      day,
      path,
      rows: 1,
      bytes,
      longest: bytes,
      keyAt: () => keyOf(1),
    } as const;
    const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: bucket.directory };
    const lines = [{ ...line, ...more }];
    return writeRound({ config, lines, limits, directory: bucket.directory, now });
  }

  it('become no file that has fewer rows', async () => {
    await expect(round({ rows: 2 })).rejects.toMatchObject({ code: 'SLUICE_WRITE_COUNTS_DIFFER' });
  });

  it('fail the round if DuckDB refuses a row of quarantine that the writer has made', async () => {
    // No time of a row has a year of five digits.
    const lateness = Date.UTC(10_000, 0);
    await expect(round({}, '{"event_id"\n', lateness)).rejects.toMatchObject({
      code: 'SLUICE_WRITE_ROWS_REFUSED',
    });
  });

  it('are read to the end also if the last one has no line break', async () => {
    const { refused } = await round({ rows: 2 }, '{"event_id"\n{"event_name"');
    expect(refused.map(({ text }) => text)).toEqual(['{"event_id"', '{"event_name"']);
  });

  it.each([
    {
      what: 'a time that is not written as the collector writes it',
      more: { timestamp: '2026-11-25 09:30:00' },
      detail: 'timestamp',
    },
    {
      what: 'a time that does not exist',
      more: { timestamp: '2026-02-30T09:30:00.123Z' },
      detail: 'A time does not exist.',
    },
    { what: 'a text that is no boolean', more: { gate_value: 'yes' }, detail: 'gate_value' },
  ])('do not fit their table with $what', async ({ more, detail }) => {
    const { json } = rowOf('exposures', 'x', undefined, more);
    const { refused } = await round({ kind: 'exposures' }, `${json}\n`);
    expect(refused).toMatchObject([{ code: 'SLUICE_ROW_UNFIT', detail, text: json }]);
  });

  it.each([{ type: 'Binder' }, { type: 'Parser' }, { type: 'Catalog' }, { type: 'Out of Memory' }])(
    'are not at fault if DuckDB fails by $type',
    ({ type }) => {
      const thrown = { exception_type: type, exception_message: 'It fails.' };
      expect(lineFailure(new Error(JSON.stringify(thrown)))).toBeNull();
    },
  );

  it('have a code of their own if DuckDB refuses them for a reason without one', () => {
    // As a session throws it: `errors_as_json`.
    const thrown = { exception_type: 'Out of Range', exception_message: 'Overflow in addition of "7"' };
    const error = new Error(JSON.stringify(thrown));
    expect(lineFailure(error)).toEqual({
      code: 'SLUICE_ROW_REFUSED',
      detail: expect.not.stringContaining('7'),
    });
  });
});
