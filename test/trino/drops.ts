import { quoteName, quoteText } from '../../lib/base/sql.ts';
import {
  acceptedCountsQuery,
  acceptedRowsQuery,
  refusedCountsQuery,
  refusedRowsQuery,
} from '../../lib/drops/athena/athenaStatements.ts';
import type { Answer } from '../../packages/local-aws/test/witness/trino/askTrino.ts';
import { countsOf } from '../lib/drops/athena/AthenaBench.ts';
import { type DropCase, idOf } from '../lib/drops/athena/cases/DropCase.ts';
import { dropCases } from '../lib/drops/athena/cases/dropCases.ts';
import {
  compileDrop,
  loadByDuckDb,
  type Outcome,
  type Rows,
  writeDrop,
} from '../lib/drops/athena/loadDrop.ts';
import { MappingBench } from '../lib/drops/engine/MappingBench.ts';
import { createTableOf, type HiveColumn, parseHiveType, readColumn } from './hiveRows.ts';

/** The memory connector has one schema. */
const DATABASE = 'default';

/** A difference between Trino's and DuckDB's rows of a drop: a row of "Differences" in docs/large-days.md. */
interface Difference {
  readonly why: string;
  /** Names of the drops that have it. Each must, or the list is too long. */
  readonly drops: readonly string[];
  /** Texts of rows that are equal but for it become one. */
  readonly without: (row: string) => string;
}

const CALENDAR = 'times that no calendar has';
const differences: readonly Difference[] = [
  {
    // https://bugs.openjdk.org/browse/JDK-4511638
    why: 'Java before 19 writes some numbers with more digits than they need',
    drops: [
      ...['casts to string', 'casts to double', 'values as JSON', 'values as names, unit IDs and texts'],
      ...['values as declared texts and numbers', 'objects of JSON texts, with members that override theirs'],
    ],
    without: (row) =>
      row.replaceAll(/(?<![\w.-])-?(?:\d+(?:\.\d+)?e[+-]?\d+|\d{16,}\.0)/g, (digits) =>
        String(Math.fround(Number(digits)) || Number(digits)),
      ),
  },
  {
    why: 'a text with rare control characters has characters beyond 16 bits as two escapes',
    drops: [
      ...['casts to string', 'values as JSON', 'values as names, unit IDs and texts'],
      'objects of JSON texts, with members that override theirs',
    ],
    without: (row) =>
      row.replaceAll(/\\+u(d[89ab]..)\\+u(d[c-f]..)/gi, (_, high: string, low: string) =>
        String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)),
      ),
  },
  {
    why: 'times are rounded to milliseconds',
    drops: [CALENDAR, `${CALENDAR} as times`],
    without: (row) =>
      row.replaceAll(
        /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)/g,
        (_, day: string, clock: string, part: string) =>
          new Date(Date.parse(`${day}T${clock}Z`) + Math.round(Number(part) * 1_000))
            .toISOString()
            .replace('T', ' ')
            .replace(/\.?0*Z$/, ''),
      ),
  },
  {
    why: "a time in the last half millisecond of a day is the next day's",
    drops: [`nanoseconds that no calendar has as times`],
    without: (row) => row.replace('"1969-12-31"', '"1970-01-01"'),
  },
  {
    why: 'a time before the year -290000 is none',
    drops: [CALENDAR],
    without: (row) => row.replace(/\\"us_utc\\":\\"290309-12-21 \(BC\)[^"]*",/, ''),
  },
];

/** A drop that DuckDB has loaded, and the statements that Trino is asked. */
interface Asked {
  readonly one: DropCase;
  readonly origin: string;
  readonly byDuckDb: Outcome;
  /** Columns of its rows, without those that differ by design. */
  readonly columns: readonly string[];
  readonly statements: readonly string[];
}

/**
 * Trino's questions about drops: tables with the rows of their files, and the statements of a load by Athena over them.
 * All statements run in Trino but for these, which only Athena has and which the local Athena runs: `UNLOAD (…) TO …`,
 * whose query makes a table here; and reading Parquet by a symlink manifest, with `"$path"`, instead of which a table
 * of Athena's types has the rows that DuckDB reads.
 */
export async function dropQuestions(cases: readonly DropCase[] = dropCases): Promise<{
  /** Statements of each drop. */
  readonly sessions: readonly (readonly string[])[];
  /** @param answers Of each session. */
  readonly judge: (answers: readonly (readonly Answer[])[], tell: Tell) => void;
}> {
  const bench = await MappingBench.open();
  try {
    const asked: Asked[] = [];
    for (const [number, one] of cases.entries()) asked.push(await ask(bench, one, `drop_${number}`));
    return {
      sessions: asked.map(({ statements }) => statements),
      judge: (answers, tell) => {
        const met = new Set<string>();
        for (const [i, each] of asked.entries()) judge(each, answers[i] ?? [], tell, met);
        for (const { why, drops } of differences)
          for (const drop of drops) tell(`in a drop of ${drop}, ${why}`, met.has(`${drop}: ${why}`), null);
      },
    };
  } finally {
    bench.close();
  }
}

type Tell = (what: string, passed: boolean, detail: unknown) => void;

async function ask(bench: MappingBench, one: DropCase, prefix: string): Promise<Asked> {
  const files = await writeDrop(bench, one);
  const load = await compileDrop(bench, one, files, {
    database: DATABASE,
    nameOf: (number) => `${prefix}_${number}`,
  });
  const byDuckDb = await loadByDuckDb(bench, one, files);
  const loading: string[] = [];
  for (const table of load.tables) {
    const columns = table.columns.map(({ name, type }) => ({ name, type: parseHiveType(type) }));
    const rows = [];
    for (const i of table.files) {
      const { path = '', name = '' } = files[i] ?? {};
      for (const row of await bench.query(readFile(path, columns)))
        rows.push({ ...row, $path: `${load.mapping.origin}${name}` });
    }
    loading.push(
      ...createTableOf(table.name, [...columns, { name: '$path', type: parseHiveType('string') }], rows),
    );
  }
  const columns = Object.keys(byDuckDb.rows[0] ?? {});
  const unloaded = (name: string, query: string) => `CREATE TABLE ${quoteName(DATABASE)}.${name} AS ${query}`;
  return {
    one,
    origin: load.mapping.origin,
    byDuckDb,
    columns,
    statements: [
      ...loading,
      unloaded(`${prefix}_rows`, acceptedRowsQuery(load)),
      unloaded(`${prefix}_refused`, refusedRowsQuery(load)),
      shown(columns, `${prefix}_rows`),
      shown(['path', 'reason', 'detail', 'key_label', 'raw'], `${prefix}_refused`),
      acceptedCountsQuery(DATABASE, `${prefix}_rows`),
      refusedCountsQuery(DATABASE, `${prefix}_refused`),
    ],
  };
}

/** A file's rows with the columns that Athena reads. */
function readFile(path: string, columns: readonly HiveColumn[]): string {
  return `SELECT ${columns.map(readColumn).join(', ')} FROM read_parquet(${quoteText(path)}, hive_partitioning = false)`;
}

/** The rows of a table, each as one JSON text. */
function shown(columns: readonly string[], table: string): string {
  const texts = columns.map((column) => `CAST(${quoteName(column)} AS varchar)`);
  return `SELECT json_format(CAST(ARRAY[${texts.join(', ')}] AS JSON)) FROM ${quoteName(DATABASE)}.${table}`;
}

function judge(
  { one, origin, byDuckDb, columns, statements }: Asked,
  answers: readonly Answer[],
  tell: Tell,
  met: Set<string>,
): void {
  const failed = answers.findIndex((answer) => 'failed' in answer);
  if (failed >= 0) {
    tell(`a drop of ${one.name} is loaded`, false, [answers[failed], statements[failed]?.slice(0, 2_000)]);
    return;
  }
  const [rows = [], refused = [], accepted = [], reasons = []] = answers
    .slice(-4)
    .map((answer) => ('rows' in answer ? answer.rows : []));
  const { rows: given, refused: left, counts } = byDuckDb;
  const plain = plainRows(columns, given);
  tell(
    `a drop of ${one.name} has the ${given.length} rows of DuckDB`,
    ...compared(
      one,
      rows.map(([row]) => plain(JSON.parse(row ?? ''))),
      given.map((row) => plain(columns.map((column) => row[column]))),
      met,
    ),
  );
  tell(
    `a drop of ${one.name} has the ${left.length} refused rows of DuckDB`,
    ...compared(
      one,
      refused.map(([row]) => refusedText(one, JSON.parse(row ?? ''))),
      left.map((row) =>
        refusedText(one, [
          row['path'],
          row['reason'],
          `${row['n']} equal rows, ${row['detail']}`,
          row['key_label'],
          row['raw'],
        ]),
      ),
      met,
    ),
  );
  const counted = countsOf(accepted, reasons, origin);
  tell(`a drop of ${one.name} has the counts of DuckDB`, JSON.stringify(counted) === JSON.stringify(counts), [
    counted,
    counts,
  ]);
}

/**
 * Whether lists have the same texts in any order but for the differences of the drop, and the texts that only one has.
 *
 * @param met Gets the differences that were needed.
 */
function compared(
  one: DropCase,
  seen: readonly string[],
  wanted: readonly string[],
  met: Set<string>,
): readonly [boolean, unknown] {
  let left = difference(seen, wanted);
  for (const { why, drops, without } of differences) {
    if (!drops.includes(one.name)) continue;
    const fewer = difference(left.onlyTrino.map(without), left.onlyDuckDb.map(without));
    if (fewer.onlyTrino.length < left.onlyTrino.length) met.add(`${one.name}: ${why}`);
    left = fewer;
  }
  return [left.onlyDuckDb.length === 0 && left.onlyTrino.length === 0, left];
}

function difference(seen: readonly string[], wanted: readonly string[]) {
  const onlyTrino = [...seen];
  const onlyDuckDb = wanted.filter((text) => {
    const at = onlyTrino.indexOf(text);
    if (at >= 0) onlyTrino.splice(at, 1);
    return at < 0;
  });
  return { onlyDuckDb, onlyTrino };
}

/** Rows as texts: times without zeros at the end, and columns of numbers in JavaScript's form. */
function plainRows(columns: readonly string[], given: Rows): (row: readonly unknown[]) => string {
  const numbers = columns.map((column) => given.some((row) => typeof row[column] === 'number'));
  return (row) =>
    JSON.stringify(
      row.map((value, i) => {
        if (value === null) return null;
        if (numbers[i]) return Number(value);
        const text = String(value);
        return /^-?\d+-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
      }),
    );
}

/** One text of refused rows, with their number. */
function refusedText(one: DropCase, [path, reason, detail, label, raw]: readonly unknown[]): string {
  const [, n = '1'] = /^(\d+) equal rows, /.exec(String(detail)) ?? [];
  const shownRaw = one.rawDiffers === true ? idOf(String(raw)) : raw;
  return JSON.stringify([path, reason, n, String(detail).replace(/^\d+ equal rows, /, ''), label, shownRaw]);
}
