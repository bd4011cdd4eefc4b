import * as z from 'zod';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { parseTimeFormat } from '../fields/timeFormat.ts';
import { flag } from '../formats.ts';
import { named, noted } from '../noted.ts';

/** The types that bytes may be read as. */
const CASTS = ['string', 'uuid'] as const;

/** Units and formats of a time column. */
const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'timestamp', 'iso'] as const;

/** Whether a text has no NUL, which no statement of SQL can hold. */
export const hasNoNul = (text: string): boolean => !text.includes('\0');

/** What is expected of a list of names. */
export const EACH_ONCE = 'each name once';

/** Whether no name is in a list twice. */
export const areDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** The most names that one column may have had. */
const MOST_NAMES = 20;

/** The name of a column of a file. */
export const columnName = (): z.ZodString =>
  z
    .string('a column name')
    .min(1, 'a column name of at least one character')
    .max(1_024, 'a column name of at most 1024 characters')
    .refine(hasNoNul, 'a column name without a NUL');

/**
 * The names that one column has had, of which each file has one. So a renamed column needs one edit, and older days can
 * be loaded again.
 */
export const columnNames = (): z.ZodUnion<[z.ZodString, z.ZodArray<z.ZodString>]> =>
  z.union(
    [
      columnName(),
      z
        .array(columnName())
        .min(1, 'at least one column name')
        .max(MOST_NAMES, `at most ${MOST_NAMES} column names`)
        .refine(areDistinct, EACH_ONCE),
    ],
    "a column's name, or a list of the names that it has had",
  );

/** A value that all rows have. */
const constant = named(
  'ConstantInput',
  z.strictObject({
    constant: noted(
      z.union(
        [
          z.string().min(1, 'a text that is not empty').refine(hasNoNul, 'a text without a NUL'),
          z.number(),
          z.boolean(),
        ],
        'a text that is not empty, a number, or true or false',
      ),
      'The same value in every row.',
    ),
  }),
);

/** Settings that a column and a folder have in common. */
const reading = {
  cast: noted(
    z.enum(CASTS, `one of ${CASTS.join(', ')}`).optional(),
    'What bytes are, `uuid` or `string`; a row with other bytes is refused.',
    'what the file says; bytes without an annotation are UTF-8 text, and a column of exactly 16 such bytes is refused',
  ),
  optional: noted(flag().default(false), 'Files may lack it: it is null in their rows then.'),
};

/** What the reference says of a column of the files. */
export const COLUMN =
  'Name of the column in the file, in any case of letters; or a list of names, of which each file has one.';

/** A column of the files. */
const plainColumn = named(
  'ColumnInput',
  z.strictObject({
    column: noted(columnNames(), COLUMN),
    ...reading,
  }),
);

/** The name before the `=` of a folder. */
export const folderName = (): z.ZodString =>
  z
    .string('the name of a folder')
    .min(1, 'the name of a folder, e.g. country of country=DE')
    .max(255, 'a name of at most 255 characters')
    .regex(/^[^/=]+$/, 'the name of a folder without / and =, e.g. country of country=DE');

/** A folder `name=value` above the files. */
const folder = named(
  'FolderInput',
  z.strictObject({
    folder: noted(
      folderName(),
      "Name of a folder of the file's path: `country` of `country=DE/part-0.parquet`.",
    ),
    ...reading,
  }),
);

/** A column by its name alone. */
export const byName = columnName().transform(
  (name): z.output<typeof plainColumn> => ({ column: name, optional: false }),
);

/**
 * The source of a field: a column by its name, a column with settings, a folder of the file's path, or the same value
 * in every row.
 */
export const field = named(
  'FieldInput',
  z.union(
    [byName, plainColumn, folder, constant],
    "a column's name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }",
  ),
);

/** The source of a number. */
export const number = field
  .refine(
    (from) => 'constant' in from || from.cast === undefined,
    'no cast: a number is read from numbers, texts and booleans as they are',
  )
  .refine((from) => !('constant' in from) || isNumber(from.constant), 'a constant that is a number');

/** Whether a constant is a number, also as a text. */
function isNumber(value: string | number | boolean): boolean {
  return String(value).trim() !== '' && Number.isFinite(Number(value));
}

/** The source of a JSON object. */
export const jsonObject = field.refine(
  (from) => !('constant' in from) || isJsonObject(parseJson(String(from.constant))),
  'a constant that is the text of a JSON object',
);

/** How a column is read as a time. */
export const timeReading = {
  unit: noted(
    z.enum(TIME_UNITS, `one of ${TIME_UNITS.join(', ')}`).optional(),
    "`s`, `ms`, `us` or `ns` since 1970, `timestamp` for Parquet's own timestamps and dates, or `iso` for texts.",
    'by the type of the column: texts are ISO 8601, numbers are seconds',
  ),
  format: noted(
    z
      .string('a format, e.g. dd/MM/yyyy HH:mm:ss')
      .max(200, 'a format of at most 200 characters')
      .superRefine((text, context) => {
        const parsed = parseTimeFormat(text);
        if ('expected' in parsed) context.addIssue({ code: 'custom', message: parsed.expected });
      })
      .optional(),
    "How texts are written, in the letters of Java's DateTimeFormatter; not with `unit`.",
    'texts are ISO 8601',
  ),
};

/** Whether a time is read by its unit or by its format, and not by both. */
export const isReadOneWay = ({ unit, format }: { unit?: unknown; format?: unknown }): boolean =>
  unit === undefined || format === undefined;

/** What is expected of the reading of a time. */
export const ONE_WAY = 'unit or format, not both';

/** A column of times. */
const timeColumn = named(
  'TimeColumnInput',
  z
    .strictObject({
      column: noted(columnNames(), COLUMN),
      ...timeReading,
    })
    .refine(isReadOneWay, ONE_WAY),
);

/** The source of a time that is a folder's name: `{ folder: 'ds' }` for `ds=2026-11-19/part-0.parquet`. */
const timeFolder = named(
  'TimeFolderInput',
  z
    .strictObject({
      folder: noted(
        folderName(),
        "Name of a folder of the file's path: `ds` of `ds=2026-11-19/part-0.parquet`.",
      ),
      ...timeReading,
    })
    .refine(isReadOneWay, ONE_WAY),
);

/** The source of a time. */
export const time = named(
  'TimeInput',
  z.union(
    [
      columnName().transform((name): z.output<typeof timeColumn> => ({ column: name })),
      timeColumn,
      timeFolder,
    ],
    "a column's name, { column, unit?, format? } or { folder, unit?, format? }",
  ),
);

/** The validated source of a field. */
export type Field = z.output<typeof field>;

/** The names of a column. Each file has one of them. */
export function columnNamesOf({
  column,
}: {
  readonly column: string | readonly string[];
}): readonly string[] {
  return typeof column === 'string' ? [column] : column;
}

/** The validated source of a time. */
export type TimeField = z.output<typeof time>;

/** The type to which a column is cast. */
export type Cast = (typeof CASTS)[number];

/** The unit or format of a time. */
export type TimeUnit = (typeof TIME_UNITS)[number];
