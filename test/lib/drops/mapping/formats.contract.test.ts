import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { quoteText } from '../../../../lib/base/sql.ts';
import { columnOf, type DatasetInput, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events = (format: string, timezone = 'UTC'): DatasetInput => ({
  kind: 'events',
  timezone,
  mapping: { timestamp: { column: 'ts', format } },
});
/** A way in which a format writes a part of a time. */
interface Form {
  readonly letters: string;
  readonly write: (at: Date) => string;
}

/** Reads texts in a format; null for refused texts. */
async function readTexts(
  format: string,
  texts: readonly string[],
  timezone = 'UTC',
): Promise<(string | null)[]> {
  const { rows, refused } = await bench.loadQueries(
    events(format, timezone),
    `SELECT unnest([${texts.map(quoteText).join(', ')}]) AS ts, unnest(range(${texts.length})) AS event_name, 'u' AS unit_id`,
  );
  for (const row of refused) expect(row['reason']).toBe('SLUICE_INGEST_ROW_TIME_INVALID');
  const times = new Map(rows.map((row) => [row['event_name'], String(row['timestamp'])]));
  return texts.map((_, i) => times.get(String(i)) ?? null);
}

const WHOLE = '2026-11-20 10:15:30';

describe('a time format', () => {
  it.each<{
    readonly format: string;
    /** The times of texts; null of a text that is refused. */
    readonly reads: Readonly<Record<string, string | null>>;
  }>([
    {
      format: 'yyyy-MM-dd HH:mm:ss',
      reads: { [WHOLE]: WHOLE, '2026-11-20 24:00:00': null, '2026-11-20 10:15:60': null },
    },
    { format: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", reads: { '2026-11-20T11:15:30.123+01:00': `${WHOLE}.123` } },
    { format: "yyyy-MM-dd'T'HH:mm:ss.SSSX", reads: { '2026-11-20T10:15:30.123Z': `${WHOLE}.123` } },
    { format: 'yyyy-MM-dd HH:mm:ss.SSSSSSSSS', reads: { [`${WHOLE}.123456789`]: `${WHOLE}.123456` } },
    { format: 'yyyyMMdd', reads: { '20261120': '2026-11-20 00:00:00' } },
    { format: 'M/d/yyyy h:mm:ss a', reads: { '11/20/2026 10:15:30 PM': '2026-11-20 22:15:30' } },
    {
      format: 'MM/dd/yy hh:mm a',
      reads: { '11/20/26 12:05 am': '2026-11-20 00:05:00', '11/20/26 12:05 PM': '2026-11-20 12:05:00' },
    },
    { format: 'd MMMM uuuu', reads: { '2 May 2026': '2026-05-02 00:00:00' } },
    { format: 'EEE, dd MMM yyyy HH:mm:ss z', reads: { 'Fri, 20 Nov 2026 10:15:30 GMT': WHOLE } },
    { format: 'EEEE, d MMMM yyyy', reads: { 'FRIDAY, 20 NOVEMBER 2026': '2026-11-20 00:00:00' } },
    { format: 'dd/MMM/yyyy:HH:mm:ss Z', reads: { '20/Nov/2026:11:15:30 +0100': WHOLE } },
    {
      format: 'yyyy-MM-dd HH:mm:ss[.SSS][ XXX]',
      reads: { [WHOLE]: WHOLE, [`${WHOLE}.5`]: null, [`${WHOLE}.500 -02:30`]: '2026-11-20 12:45:30.5' },
    },
    {
      format: 'yyyy-MM-dd[ H[:m[:s]]]',
      reads: {
        '2026-11-20': '2026-11-20 00:00:00',
        '2026-11-20 7': '2026-11-20 07:00:00',
        '2026-11-20 7:5:3': '2026-11-20 07:05:03',
      },
    },
    { format: "yyyy 'o''clock' HH MM dd", reads: { "2026 O'CLOCK 10 11 20": '2026-11-20 10:00:00' } },
    { format: "yyyy.MM.dd (HH+mm) ''", reads: { "2026.11.20 (10+15) '": '2026-11-20 10:15:00' } },
    { format: "dd 'décembre' yyyy MM", reads: { '20 DÉCEMBRE 2026 12': '2026-12-20 00:00:00' } },
    {
      format: 'yyyy-MM-dd',
      reads: {
        '2026-11-20  ': '2026-11-20 00:00:00',
        '2026-02-29': null,
        '2024-02-29': '2024-02-29 00:00:00',
        '2026-11-20 10:15': null,
        'x2026-11-20': null,
        '2026-1-2': null,
        '': null,
        epoch: null,
      },
    },
    { format: 'yyyy-M-d', reads: { '2026-1-2': '2026-01-02 00:00:00' } },
    { format: 'dd/MM/yyyy', reads: { '11/20/2026': null } },
    { format: 'yyyy-MM-dd hh:mm a', reads: { '2026-11-20 13:00 pm': null } },
    { format: 'yyyy-MM-dd HH:mm XXX', reads: { '2026-11-20 10:15 +19:00': null } },
    { format: 'yyyy.MM.dd', reads: { '2026-11-20': null } },
  ])('$format reads what it describes, and nothing else', async ({ format, reads }) => {
    const texts = Object.keys(reads);
    const times = await readTexts(format, texts);
    expect(Object.fromEntries(texts.map((text, i) => [text, times[i]]))).toEqual(reads);
  });

  it('reads whole numbers by their digits and bytes as text, and no other type', async () => {
    const write = (sql: string) =>
      bench.write('typed.parquet', `SELECT ${sql} AS ts, 'a' AS event_name, 'u' AS unit_id`);
    for (const sql of ['20261120::INTEGER', "'20261120'::BLOB"]) {
      const { rows } = await bench.load(events('yyyyMMdd'), [await write(sql)]);
      expect(columnOf(rows, 'timestamp')).toEqual(['2026-11-20 00:00:00']);
    }
    for (const sql of ["DATE '2026-11-20'", '2026::DOUBLE', 'true'])
      await fails(bench.load(events('yyyyMMdd'), [await write(sql)]), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT', {
        message: expect.stringContaining('as `format` reads it'),
      });
    for (const { sql, reason } of [
      { sql: 'NULL::VARCHAR', reason: 'MISSING' },
      { sql: "'00000101'", reason: 'OUT_OF_RANGE' },
    ]) {
      const { reasons } = await bench.load(events('yyyyMMdd'), [await write(sql)]);
      expect(reasons).toEqual([`SLUICE_INGEST_ROW_TIME_${reason}`]);
    }
  });

  it('reads a local time in the dataset’s zone, with skipped and repeated hours as docs/ingest-mapping.md says', async () => {
    const format = 'dd.MM.yyyy HH:mm';
    const texts = ['20.11.2026 10:15', '29.03.2026 01:59', '29.03.2026 02:30', '29.03.2026 03:00'];
    texts.push('25.10.2026 01:59', '25.10.2026 02:30', '25.10.2026 03:00');
    expect(await readTexts(format, texts, 'Europe/Berlin')).toEqual([
      '2026-11-20 09:15:00',
      '2026-03-29 00:59:00',
      '2026-03-29 01:30:00',
      '2026-03-29 01:00:00',
      '2026-10-24 23:59:00',
      '2026-10-25 01:30:00',
      '2026-10-25 02:00:00',
    ]);
    // So does a text without a format. An offset in the text overrides the zone.
    const { rows } = await bench.loadQueries(
      { kind: 'events', timezone: 'Europe/Berlin', mapping: { timestamp: 'ts' } },
      "SELECT unnest(['2026-03-29 02:30', '2026-10-25 02:30']) AS ts, 'a' AS event_name, 'u' AS unit_id",
    );
    expect(columnOf(rows, 'timestamp')).toEqual(['2026-03-29 01:30:00', '2026-10-25 01:30:00']);
    expect(await readTexts(`${format} XXX`, ['25.10.2026 02:30 +02:00'], 'Europe/Berlin')).toEqual([
      '2026-10-25 00:30:00',
    ]);
  });

  it('gives the day of a metric in the dataset’s zone', async () => {
    for (const timezone of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
      const mapping = { date: { column: 'date', format: 'dd.MM.yyyy' } };
      const { rows } = await bench.loadQueries(
        { kind: 'metrics', timezone, mapping },
        "SELECT '20.11.2026' AS date, 'u' AS unit_id, 'userID' AS id_type, 'm' AS metric_name, 1 AS metric_value",
      );
      expect(columnOf(rows, 'metric_date')).toEqual(['2026-11-20']);
    }
  });

  it('parses back times written with it, whatever its parts and their order', async () => {
    const two = (n: number) => String(n).padStart(2, '0');
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    const parts: Form[][] = [
      [{ letters: 'yyyy', write: (at) => String(at.getUTCFullYear()).padStart(4, '0') }],
      [
        { letters: 'MM', write: (at) => two(at.getUTCMonth() + 1) },
        { letters: 'M', write: (at) => String(at.getUTCMonth() + 1) },
        { letters: 'MMM', write: (at) => months[at.getUTCMonth()] ?? '' },
      ],
      [
        { letters: 'dd', write: (at) => two(at.getUTCDate()) },
        { letters: 'd', write: (at) => String(at.getUTCDate()) },
      ],
      [
        { letters: 'HH', write: (at) => two(at.getUTCHours()) },
        {
          letters: 'h a',
          write: (at) => `${at.getUTCHours() % 12 || 12} ${at.getUTCHours() < 12 ? 'AM' : 'PM'}`,
        },
      ],
      [{ letters: 'mm', write: (at) => two(at.getUTCMinutes()) }],
      [
        {
          letters: 'ss.SSS',
          write: (at) => `${two(at.getUTCSeconds())}.${String(at.getUTCMilliseconds()).padStart(3, '0')}`,
        },
      ],
    ];
    const chosen = fc.tuple(...parts.map((each) => fc.constantFrom(...each)));
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
    const separator = fc.constantFrom(' ', '/', '-', '. ', ' | ', " 'um' ", '$^');
    const instants = fc.array(
      fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(chosen, order, separator, instants, async (forms, places, between, all) => {
        const ordered = places.flatMap((place) => (forms[place] === undefined ? [] : [forms[place]]));
        const texts = all.map((at) =>
          ordered.map(({ write }) => write(at)).join(between.replaceAll("'", '')),
        );
        const format = ordered.map(({ letters }) => letters).join(between);
        const expected = all.map((at) =>
          at
            .toISOString()
            .replace('T', ' ')
            .replace(/\.?0*Z$/, ''),
        );
        const came = await readTexts(format, texts);
        expect(came).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('reads every month by its name', async () => {
    const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    const texts = names.map((name) => `9999/${name}/1`);
    expect(await readTexts('yyyy/MMM/d', texts)).toEqual(
      names.map((_, i) => `9999-${String(i + 1).padStart(2, '0')}-01 00:00:00`),
    );
  });
});
