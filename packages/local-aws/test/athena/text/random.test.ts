import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OPEN_CSV, OPEN_X, openTexts, type Rows } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

/** How many tables each property makes. Raise it for a longer search. */
const options = { numRuns: Number(process.env['TEXT_RUNS'] ?? 4) };

/** Characters that matter to a SerDe, others, and some beyond ASCII. */
const character = fc.oneof(
  fc.constantFrom(...',"\\|:\t\u0001\u0002\u0003 \'{}[]nNx1.-é€\u{1f600}'),
  fc.string({ unit: 'grapheme', maxLength: 1 }),
);
/** A text without line breaks, which no SerDe of delimited texts can hold. */
const cell = fc
  .array(character, { maxLength: 8 })
  .map((characters) => characters.join('').replaceAll(/[\r\n\0]/g, ''));

const number = (row: readonly (string | undefined)[], index: number) => [String(index), ...row];

/** A table's rows in the order of its first column, without it. */
const read = async (name: string, columns: string): Promise<Rows> =>
  await texts.rows(`SELECT ${columns} FROM ${name} ORDER BY CAST(id AS integer)`);

describe('texts of random fields', () => {
  it('are read by OpenCSVSerDe as a writer of CSV meant them', async () => {
    const field = fc.record({ text: cell, quoted: fc.boolean(), doubled: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        async (rows, gzip) => {
          const lines = rows.map((row, index) =>
            [
              `"${index}"`,
              ...row.map(({ text, quoted, doubled }) => {
                if (!quoted && !/[",\\]/.test(text)) return text;
                return `"${text.replaceAll('\\', '\\\\').replaceAll('"', doubled ? '""' : '\\"')}"`;
              }),
            ].join(','),
          );
          const content = `${lines.join('\n')}\n`;
          const name = await texts.table('id string, a string, b string, c string', OPEN_CSV, {
            [gzip ? 'x.gz' : 'x.csv']: gzip ? gzipSync(content) : content,
          });
          expect(await read(name, 'a, b, c')).toEqual(rows.map((row) => row.map(({ text }) => text)));
        },
      ),
      options,
    );
  });

  it('are read by LazySimpleSerDe as its delimiters divide them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { maxLength: 5 }), { minLength: 1, maxLength: 40 }),
        async (rows) => {
          const lines = rows.map((row, index) => number(row, index).join('|'));
          const name = await texts.table(
            'id string, a string, b string',
            "ROW FORMAT DELIMITED FIELDS TERMINATED BY '|'",
            { data: lines.join('\r\n') },
          );
          const model = lines.map((line) => {
            const [, a, b] = line.split('|');
            return [a, b].map((text) => (text === '\\N' ? undefined : text));
          });
          expect(await read(name, 'a, b')).toEqual(model);
        },
      ),
      options,
    );
  });

  it('are read by LazySimpleSerDe with its escapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 40 }), async (rows) => {
        const escaped = (text: string) => text.replaceAll(/[|\\]/g, '\\$&');
        const lines = rows.map(([a, b], index) => `${index}|${escaped(a)}|${escaped(b)}\n`);
        const name = await texts.table(
          'id string, a string, b string',
          "ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' ESCAPED BY '\\\\'",
          { data: lines.join('') },
        );
        expect(await read(name, 'a, b')).toEqual(rows);
      }),
      options,
    );
  });

  it('are read by the JSON SerDe as JSON.stringify wrote them', async () => {
    const place = fc.option(
      fc.record({ city: fc.string({ unit: 'binary', maxLength: 6 }), zip: fc.integer() }),
      { nil: null },
    );
    const row = fc.record({
      a: fc.option(fc.string({ unit: 'grapheme' }), { nil: null }),
      b: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), {
        nil: null,
      }),
      tags: fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
      place,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const lines = rows.map((value, id) => JSON.stringify({ id, ...value }));
        const name = await texts.table(
          'id int, a string, b double, tags array<bigint>, place struct<city:string,zip:int>',
          OPEN_X,
          { data: lines.join('\n') },
        );
        const found = await read(
          name,
          'a, json_format(CAST(b AS json)), json_format(CAST(tags AS json)), place.city, place.zip',
        );
        const clean = (text: string | null | undefined) => text?.replaceAll('\0', '') ?? undefined;
        expect(
          found.map(([a, b, tags, city, zip]) => [
            clean(a),
            b === undefined ? undefined : Number(b),
            tags,
            clean(city),
            zip,
          ]),
        ).toEqual(
          rows.map((value) => [
            clean(value.a),
            value.b ?? undefined,
            JSON.stringify(value.tags),
            clean(value.place?.city),
            value.place === null ? undefined : String(value.place.zip),
          ]),
        );
      }),
      options,
    );
  });

  it('have a row a line, whatever they contain, or an error of Athena', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(character, { maxLength: 30 }), { maxLength: 30 }),
        fc.constantFrom(OPEN_CSV, "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\'", OPEN_X),
        async (lines, serde) => {
          const content = lines.map((line) => `${line.join('').replaceAll(/[\r\n]/g, '')}\n`).join('');
          const type = serde === OPEN_X ? 'map<int,array<double>>' : 'double';
          const name = await texts.table(`a string, b ${type}, c timestamp`, serde, { data: content });
          const counted = await texts.ask(`SELECT count(*) FROM ${name}`);
          if (counted.reason === undefined) expect(counted.rows).toEqual([[String(lines.length)]]);
          else expect(counted.reason).toMatch(/^HIVE_CURSOR_ERROR: /);
          const all = await texts.ask(`SELECT * FROM ${name}`);
          if (all.reason === undefined) expect(all.rows).toHaveLength(lines.length);
          else expect(all.reason).toMatch(/^HIVE_(?:CURSOR_ERROR|BAD_DATA): /);
        },
      ),
      options,
    );
  });
});
