import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HIVE_JSON, OPEN_CSV, OPEN_X, openTexts, type Rows } from './openTexts.ts';

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
      fc.asyncProperty(
        fc.array(fc.tuple(cell, fc.array(cell, { minLength: 1, maxLength: 3 })), {
          minLength: 1,
          maxLength: 40,
        }),
        async (rows) => {
          const escaped = (text: string) => text.replaceAll(/[|:\\]/g, '\\$&');
          const lines = rows.map(([a, b], index) => `${index}|${escaped(a)}|${b.map(escaped).join(':')}\n`);
          const name = await texts.table(
            'id string, a string, b array<string>',
            "ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY ':'",
            { data: lines.join('') },
          );
          const model = rows.map(([a, b]) => [a, b.length === 1 && b[0] === '' ? '[]' : `[${b.join(', ')}]`]);
          expect(await read(name, 'a, b')).toEqual(model);
        },
      ),
      options,
    );
  });

  it('are read by both JSON SerDes as JSON.stringify wrote them', async () => {
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
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(OPEN_X, HIVE_JSON),
        async (rows, serde) => {
          const lines = rows.map((value, id) => JSON.stringify({ id, ...value }));
          const name = await texts.table(
            'id int, a string, b double, tags array<bigint>, place struct<city:string,zip:int>',
            serde,
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
        },
      ),
      options,
    );
  });

  it('have a row a line, whatever they contain, or an error of Athena', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(character, { maxLength: 30 }), { maxLength: 30 }),
        fc.constantFrom(
          OPEN_CSV,
          "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\'",
          OPEN_X,
          HIVE_JSON,
        ),
        async (lines, serde) => {
          const content = lines.map((line) => `${line.join('').replaceAll(/[\r\n]/g, '')}\n`).join('');
          const type = serde === OPEN_CSV ? 'double' : 'map<int,array<double>>';
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

describe('rows that Athena wrote', () => {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const orNull = (literal: fc.Arbitrary<string>) => fc.option(literal, { nil: 'NULL', freq: 6 });
  const bigint = fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => `CAST('${value}' AS bigint)`);
  const double = fc
    .double()
    .map((value) =>
      Number.isNaN(value)
        ? 'nan()'
        : Number.isFinite(value)
          ? `CAST('${value}' AS double)`
          : `${value > 0 ? '' : '-'}infinity()`,
    );
  const time = fc
    .date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, -1).replace('T', ' '));
  const text = cell.map(quote);
  const row = fc.tuple(
    orNull(text),
    orNull(bigint),
    orNull(double),
    orNull(time.map((at) => `timestamp '${at}'`)),
    orNull(time.map((at) => `date '${at.slice(0, 10)}'`)),
    orNull(
      fc
        .bigInt({ min: -(10n ** 12n), max: 10n ** 12n })
        .map((value) => `CAST(DECIMAL '${value}' / 100 AS decimal(16,2))`),
    ),
    orNull(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => `from_hex('${Buffer.from(bytes).toString('hex')}')`),
    ),
    orNull(
      fc
        .array(orNull(text), { minLength: 1, maxLength: 3 })
        .map((items) => `CAST(ARRAY[${items.join(', ')}] AS array(varchar))`),
    ),
    orNull(
      fc
        .uniqueArray(fc.integer(), { minLength: 1, maxLength: 3 })
        .map(
          (ids) =>
            `CAST(MAP(ARRAY[${ids.join(', ')}], ARRAY[${ids.map((id) => id % 7).join(', ')}]) AS map(integer, bigint))`,
        ),
    ),
    fc.boolean().map(String),
  );
  const TYPES = [
    'varchar',
    'bigint',
    'double',
    'timestamp',
    'date',
    'decimal(16,2)',
    'varbinary',
    'array(varchar)',
    'map(integer, bigint)',
    'boolean',
  ];
  /** The rows as a query. */
  const query = (rows: readonly (readonly string[])[]) =>
    rows
      .map(
        (values, id) =>
          `SELECT ${id} AS id, ${values.map((value, index) => `CAST(${value} AS ${TYPES[index]}) AS c${index}`).join(', ')}`,
      )
      .join(' UNION ALL ');

  it.each([
    ['text with escapes', "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\'"],
    ['text by ^A with escapes', "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' ESCAPED BY '#'"],
    ['JSON', HIVE_JSON],
  ])('are read back from %s', async (_, serde) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 3 }), async (rows) => {
        // Hive's JSON has no bytes but texts, and reads no infinite numbers, which it writes as texts.
        const shown = rows.map((values) =>
          values.map((value, index) =>
            serde === HIVE_JSON && (index === 6 || /^(?:nan|-?infinity)/.test(value)) ? 'NULL' : value,
          ),
        );
        const name = await texts.table(
          'id int, c0 string, c1 bigint, c2 double, c3 timestamp, c4 date, c5 decimal(16,2), c6 binary, c7 array<string>, c8 map<int,bigint>, c9 boolean',
          serde,
          {},
        );
        await texts.rows(`INSERT INTO ${name} ${query(shown)}`);
        const all = TYPES.map((_type, index) => `c${index}`).join(', ');
        expect(await read(name, all)).toEqual(
          await texts.rows(`SELECT ${all} FROM (${query(shown)}) ORDER BY id`),
        );
      }),
      // Such a query has dozens of casts, each of which is checked.
      { numRuns: Math.ceil(options.numRuns / 4) },
    );
  });
});
