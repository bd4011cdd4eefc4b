import { afterAll, describe, expect, it } from '@jest/globals';
import { decimalFields, setElement, structField } from '../../parquet/editFooter.ts';
import type { DatasetInput } from '../engine/MappingBench.ts';
import { AthenaBench } from './AthenaBench.ts';
import { idOf } from './cases/DropCase.ts';
import { dropCases } from './cases/dropCases.ts';
import { type Outcome, writeDrop } from './loadDrop.ts';

const engines = await AthenaBench.open();
afterAll(() => engines.close());

/** The same with the `id` of refused rows alone. */
function withoutTexts({ rows, refused, counts }: Outcome): Outcome {
  const shown = refused.map((row) => JSON.stringify({ ...row, raw: idOf(String(row['raw'])) }));
  return { rows, counts, refused: shown.sort().map((row) => JSON.parse(row)) };
}

/** The same without fractions of seconds, of which the last are the next day, and without the first time of 64 bits, which is a text for one engine only. */
function withoutFractions({ rows, ...others }: Outcome): Outcome {
  const shown = JSON.stringify(rows)
    .replaceAll(/(\d\d:\d\d:\d\d)\.\d+/g, '$1')
    .replaceAll('1969-12-31 23:59:59', '1970-01-01 00:00:00')
    .replaceAll(/\\"us_utc\\":\\"290309-12-21 \(BC\)[^"]*",/g, '');
  return { ...others, rows: JSON.parse(shown) };
}

/** Numbers of refused rows by reason without its prefix. */
function reasonsOf({ refused }: Outcome): Readonly<Record<string, number>> {
  const reasons: Record<string, number> = {};
  for (const { reason, n } of refused) {
    const short = String(reason).replace('SLUICE_INGEST_ROW_', '');
    reasons[short] = (reasons[short] ?? 0) + Number(n);
  }
  return reasons;
}

describe('a drop by both engines', () => {
  it.each(dropCases.map((one) => [one.name, one] as const))('has equal %s', async (_, one) => {
    const files = await writeDrop(engines.bench, one);
    const byDuckDb = await engines.byDuckDb(one, files);
    const byAthena = await engines.byAthena(one, files);
    const shown = (outcome: Outcome) => {
      const times = one.timesDiffer === true ? withoutFractions(outcome) : outcome;
      return one.rawDiffers === true ? withoutTexts(times) : times;
    };
    expect(shown(byAthena)).toEqual(shown(byDuckDb));
    expect([byDuckDb.rows.length, reasonsOf(byDuckDb)]).toEqual([one.rows, one.refused]);
  });

  it.each([
    [
      'the last value of a key that a map holds twice',
      'keys-twice',
      ['numbers', 'texts', 'whole', 'inside', 'deep'],
    ],
    ['a column called filename, beside others that a load adds', 'added-names', ['filename']],
  ])('reads %s', async (_, fixture, metadata) => {
    const file = { ...engines.bench.fixture(`${fixture}.parquet`), name: `drops/ds=1/${fixture}.parquet` };
    const day = { folder: 'ds' };
    for (const mapping of [
      { metadata: { ...Object.fromEntries(metadata.map((name) => [name, name])), day } },
      { timestamp: { column: 'event_name', unit: 'iso' as const }, metadata: { day } },
    ]) {
      const drop = { dataset: { kind: 'events' as const, refusedShare: 1, mapping } };
      const [byDuckDb, byAthena] = [
        await engines.byDuckDb(drop, [file]),
        await engines.byAthena(drop, [file]),
      ];
      expect([byAthena.rows, reasonsOf(byAthena)]).toEqual([byDuckDb.rows, reasonsOf(byDuckDb)]);
      expect(byAthena.rows.length + byAthena.refused.length).toBe(3);
      for (const [i, { raw }] of byAthena.refused.entries())
        expect(JSON.parse(String(byDuckDb.refused[i]?.['raw']))).toMatchObject(JSON.parse(String(raw)));
    }
  });

  it('reads a column that says that it holds no value as null of any type, and as a struct without members', async () => {
    const sql = `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, NULL AS v`;
    const { path } = await engines.bench.write('empty.parquet', sql);
    // As pyarrow, pandas and polars write it: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#unknown-always-null
    const unknown = structField(new Map([[11, structField(new Map())]]));
    const file = setElement({ path, name: 'drops/empty.parquet' }, 'v', { 10: unknown });
    const v = { column: 'v' };
    const casts = (['bigint', 'uuid', 'date'] as const).map(
      (cast) => [`as_${cast}`, { ...v, cast }] as const,
    );
    const metadata = { v: 'v', 'v.plan': 'v.plan', ...Object.fromEntries(casts) };
    const drops: readonly { readonly dataset: DatasetInput }[] = [
      {
        dataset: {
          kind: 'events',
          mapping: { timestamp: 'ts', eventValue: 'v.price', metadataJson: 'v', metadata },
        },
      },
      {
        dataset: {
          kind: 'table',
          mapping: {
            columns: {
              text: v,
              iso: { ...v, type: 'timestamp', unit: 'iso' },
              at: { ...v, type: 'timestamp', unit: 'timestamp' },
              day: { ...v, type: 'date', format: 'dd/MM/yyyy' },
              number: { ...v, type: 'double' },
              flag: { ...v, type: 'boolean' },
            },
          },
        },
      },
    ];
    for (const drop of drops)
      for (const { rows, refused } of [
        await engines.byDuckDb(drop, [file]),
        await engines.byAthena(drop, [file]),
      ]) {
        expect([rows.length, refused]).toEqual([1, []]);
        const given = ['timestamp', 'event_name', 'user_id', 'unit_ids', 'source_file', 'ingested_at'];
        const values = Object.entries(rows[0] ?? {}).filter(([name]) => !given.includes(name));
        expect(new Set(values.map(([, value]) => value))).toEqual(new Set([null]));
      }
    // Required, it is missing in every row.
    const timed = {
      dataset: { kind: 'events' as const, mapping: { timestamp: { ...v, unit: 'iso' as const } } },
    };
    for (const outcome of [await engines.byDuckDb(timed, [file]), await engines.byAthena(timed, [file])])
      expect(reasonsOf(outcome)).toEqual({ TIME_MISSING: 1 });
  });

  it('refuses decimals with more digits than the footer declares, which Athena does not check', async () => {
    const file = setElement(engines.bench.fixture('decimals.parquet'), 'int32', decimalFields(5, 2));
    const drop = { dataset: { kind: 'events' as const, refusedShare: 1, mapping: { metadata: ['int32'] } } };
    const byDuckDb = await engines.byDuckDb(drop, [file]);
    expect([byDuckDb.rows.length, reasonsOf(byDuckDb)]).toEqual([1, { DECIMAL_INVALID: 2 }]);
    expect((await engines.byAthena(drop, [file])).rows).toHaveLength(3);
  });

  it.each([
    ['a number without a sign', '7::UINTEGER'],
    ['a UUID', 'uuid()'],
    ['a time of day', "TIME '10:00:00'"],
    ['a struct with a member in upper case', "{'Plan': 'pro'}"],
    ['a list of such structs', "[{'Plan': 'pro'}]"],
    ['a map to numbers without a sign', 'MAP {1: 7::UTINYINT}'],
    ['a struct with bytes', "{'b': 'x'::BLOB}"],
    ['a list of bytes', "['x'::BLOB]"],
    ['a map by days', "MAP {DATE '2026-11-20': 1}"],
  ])('needs no column that Athena can not read, but names it if it is mapped: %s', async (_, value) => {
    const files = await writeDrop(engines.bench, {
      files: [{ sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, ${value} AS "Odd"` }],
    });
    const unmapped = { dataset: { kind: 'events' as const, mapping: { timestamp: 'ts' } } };
    expect((await engines.byAthena(unmapped, files)).rows).toHaveLength(1);
    const mapped = { dataset: { kind: 'events' as const, mapping: { timestamp: 'ts', metadata: ['Odd'] } } };
    expect((await engines.byDuckDb(mapped, files)).rows).toHaveLength(1);
    await expect(engines.byAthena(mapped, files)).rejects.toMatchObject({
      code: 'SLUICE_INGEST_COLUMN_ENGINE_UNFIT',
      message: expect.stringContaining('"Odd"'),
    });
  });
});
