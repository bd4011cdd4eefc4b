import { afterAll, describe, expect, it } from '@jest/globals';
import { quoteText } from '../../../../lib/base/sql.ts';
import { parseJsonBody } from '../../../../lib/wire/jsonBody.ts';
import { setElement } from '../../parquet/format/editFooter.ts';
import { intField } from '../../parquet/format/thriftWriter.ts';
import { type DatasetInput, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const CONVERTED = 6;
const JSON_TYPE = 19;
let files = 0;
/** A file with a row for each text, in a column `t` of texts and a column `j`, which may say of itself that it is JSON. */
async function fileOf(texts: readonly string[], isJson: boolean) {
  files += 1;
  const list = texts.map(quoteText).join(', ');
  const sql = `SELECT 1795169730 AS timestamp, 'e' AS event_name, 'u' || generate_subscripts([${list}], 1) AS unit_id,
    unnest([${list}]) AS t, unnest([${list}]) AS j`;
  const file = await bench.write(`texts-${files}.parquet`, sql);
  return isJson ? setElement(file, 'j', { [CONVERTED]: intField(JSON_TYPE) }) : file;
}
async function load(mapping: object, texts: readonly string[], isJson = true) {
  const dataset: DatasetInput = { kind: 'events', refusedShare: 1, mapping };
  const { rows, refused } = await bench.load(dataset, [await fileOf(texts, isJson)]);
  const byUnit = [...rows].sort((a, b) => String(a['user_id']).localeCompare(String(b['user_id'])));
  return { rows: byUnit, reasons: refused.map(({ reason, detail }) => `${reason} ${detail}`) };
}

/** JSON with halves of pairs of surrogates, in values and names at any depth, and words in strings that are no numbers. */
const HALVES: readonly string[] = [
  String.raw`{"title":"party \ud83d"}`,
  String.raw`{"a":{"b":["\ude00 x","\uD83D\uD83D\uDE00"]}}`,
  String.raw`{"\ud83d":1,"n\\\ude00":2}`,
  String.raw`{"whole":"\ud83d\ude00","text":"\\ud83d \" \\\\\ud83d"}`,
];

const NOT_FINITE = ['{"price": NaN}', '{"a":[{"b":-Infinity}]}', '{"a":nan}', '{"a" : Infinity,"s":"NaN"}'];
const FINE = ['{"s":"NaN, Infinity,}"}', String.raw`{"\"NaN":"[nan,]"}`];

describe('JSON texts', () => {
  it('have halves of pairs of surrogates replaced, as those of requests', async () => {
    const wanted = HALVES.map((text) => parseJsonBody(text, false).value);
    expect(JSON.stringify(wanted)).toContain('\ufffd');
    for (const more of [{}, { metadata: { more: { constant: 1 } } }]) {
      const { rows, reasons } = await load({ metadataJson: 't', ...more }, HALVES, false);
      const added = 'metadata' in more ? { more: 1 } : {};
      expect(rows.map((row) => JSON.parse(String(row['event_metadata'])))).toEqual(
        wanted.map((wantedRow) => ({ ...Object(wantedRow), ...added })),
      );
      expect(reasons).toEqual([]);
    }
  });

  it('are none with a control character in a string, whatever else is replaced in them', async () => {
    // U+0001 marks what is replaced.
    const texts = ['x \u0001', '\\ud800 \u0001', '\u0001\\n \\ud800'].map((text) => `{"a":"${text}"}`);
    const { rows, reasons } = await load({ metadataJson: 't' }, texts, false);
    expect(rows).toEqual([]);
    expect(reasons).toEqual(
      texts.map((_, row) => `SLUICE_INGEST_ROW_METADATA_INVALID row ${row}, column "t"`),
    );
  });

  it('fail a file by the column that says of itself that it is JSON, and is not', async () => {
    await fails(load({ metadata: { j: 'j' } }, HALVES), 'SLUICE_INGEST_FILE_TEXT_INVALID', {
      message: expect.stringContaining('"j"'),
    });
  });

  it.each([
    { what: 'metadata', mapping: { metadataJson: 't' }, column: 't', reason: 'METADATA_INVALID' },
    { what: 'metadata of the type JSON', mapping: { metadataJson: 'j' }, reason: 'METADATA_INVALID' },
    { what: 'a key of metadata', mapping: { metadata: { j: 'j' } }, reason: 'VALUE_INVALID' },
    { what: 'a value', mapping: { eventValue: 'j' }, reason: 'VALUE_INVALID' },
    {
      what: 'a unit ID',
      mapping: { unitIds: { userID: 'unit_id', companyID: 'j' } },
      reason: 'VALUE_INVALID',
    },
  ])(
    'refuse their row by name if they have numbers that are not finite: as $what',
    async ({ mapping, column = 'j', reason }) => {
      const { rows, reasons } = await load(mapping, [...NOT_FINITE, ...FINE]);
      expect(rows).toHaveLength(FINE.length);
      expect(reasons).toEqual(
        NOT_FINITE.map((_, row) => `SLUICE_INGEST_ROW_${reason} row ${row}, column "${column}"`),
      );
    },
  );

  it('stay the texts that they are if they are no JSON either way', async () => {
    const texts = ['{"a":1,}', '[1,]'];
    const { rows } = await load({ metadata: { j: 'j' }, eventName: 'j' }, texts);
    const given = rows.map((row) => [JSON.parse(String(row['event_metadata'])).j, row['event_name']]);
    expect(given).toEqual(texts.map((text) => [text, text]));
    expect((await load({ metadataJson: 't' }, [...texts, '{"a":NaN', 'NaN', '{}'], false)).rows).toHaveLength(
      1,
    );
  });
});
