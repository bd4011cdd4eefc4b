import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

describe('a name or a constant of a mapping', () => {
  it('cannot end the SQL statement that contains it', async () => {
    const nasty = fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom('"', "'", '\\', ';', '-', '/', '*', ')', '(', '.', 'ü', ' ', 'a', '$', '{'),
    });
    await fc.assert(
      fc.asyncProperty(nasty, nasty, nasty, async (column, key, constant) => {
        fc.pre(!['timestamp', 'unit_id'].includes(column.toLowerCase()));
        const file = await bench.write(
          'nasty.parquet',
          `SELECT 1795169730 AS timestamp, 'u' AS unit_id, 'v' AS "${column.replaceAll('"', '""')}"`,
        );
        const { rows } = await bench.load(
          {
            kind: 'events',
            mapping: {
              eventName: { constant },
              unitIds: { userID: 'unit_id', [key]: column },
              metadata: { [key]: column },
            },
          },
          [{ ...file, name: key }],
        );
        expect(rows).toHaveLength(1);
        expect(rows[0]).toMatchObject({ event_name: constant, source_file: key });
        expect(JSON.parse(String(rows[0]?.['event_metadata']))).toEqual({ [key]: 'v' });
      }),
      { numRuns: 15 },
    );
  });
});
