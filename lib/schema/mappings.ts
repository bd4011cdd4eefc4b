import * as z from 'zod';
import { parseTimeFormat } from './timeFormat.ts';

/** What a column may be turned into before its field takes it. */
const CASTS = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp', 'uuid'] as const;

/** What the numbers or texts of a time column mean. */
const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'timestamp', 'iso'] as const;

/** No statement of SQL can hold a NUL. */
const hasNoNul = (text: string) => !text.includes('\0');

const columnName = () =>
  z
    .string('a column name')
    .min(1, 'a column name of at least one character')
    .max(1_024, 'a column name of at most 1024 characters')
    .refine(hasNoNul, 'a column name without a NUL');

const constant = z.strictObject({
  constant: z.union(
    [
      z.string().min(1, 'a text that is not empty').refine(hasNoNul, 'a text without a NUL'),
      z.number(),
      z.boolean(),
    ],
    'a text that is not empty, a number, or true or false',
  ),
});

const column = z.strictObject({
  /** Its name in the file, exactly; `a.b` is the member b of a struct a, unless a column is called that. */
  column: columnName(),
  /**
   * Turn it into this first; a row whose value can't be is refused. `uuid` reads texts and 16 bytes. Default none:
   * bytes are UTF-8 text then, but for columns of exactly 16 bytes by the file's schema, which are UUIDs.
   */
  cast: z.enum(CASTS, `one of ${CASTS.join(', ')}`).optional(),
  /** Files may lack it: it is null in their rows then. Default false: such a file fails. */
  optional: z.boolean('true or false').default(false),
});

const folderName = () =>
  z
    .string('the name of a folder')
    .min(1, 'the name of a folder, e.g. country of country=DE')
    .max(255, 'a name of at most 255 characters')
    .regex(/^[^/=]+$/, 'the name of a folder without / and =, e.g. country of country=DE');

const folder = z.strictObject({
  /** Name of a folder of the file's path, as Hive writes partitions: `country` of `country=DE/part-0.parquet`. */
  folder: folderName(),
  /** As of a column. Default none: its text. */
  cast: z.enum(CASTS, `one of ${CASTS.join(', ')}`).optional(),
  /** Paths may lack it: it is null in their rows then. Default false: such a file fails. */
  optional: z.boolean('true or false').default(false),
});

const byName = columnName().transform((name): z.output<typeof column> => ({ column: name, optional: false }));

/**
 * Where a field comes from: a column by its name, a column with more to say of it, a folder of the file's path, or the
 * same in every row.
 */
const field = z.union(
  [byName, column, folder, constant],
  "a column's name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }",
);

/** What no number is made of. */
const NO_NUMBERS: ReadonlySet<Cast | undefined> = new Set<Cast>(['boolean', 'date', 'timestamp', 'uuid']);

/** Where a number comes from. */
const number = field
  .refine(
    (from) => 'constant' in from || !NO_NUMBERS.has(from.cast),
    'a cast to string, bigint or double, or none: a number is read from booleans as they are',
  )
  .refine((from) => !('constant' in from) || isNumber(from.constant), 'a constant that is a number');

function isNumber(constant: string | number | boolean): boolean {
  return String(constant).trim() !== '' && Number.isFinite(Number(constant));
}

const timeReading = {
  /**
   * Epoch seconds, milliseconds, microseconds or nanoseconds; `timestamp` for a column of Parquet's own timestamps or
   * dates; `iso` for texts. Default by the column's type: timestamps and dates are themselves, texts are ISO 8601,
   * numbers are seconds, as Statsig's S3 ingestion has them.
   */
  unit: z.enum(TIME_UNITS, `one of ${TIME_UNITS.join(', ')}`).optional(),
  /**
   * How texts are written, in the letters of Java's DateTimeFormatter: `dd/MM/yyyy HH:mm:ss`. Whole numbers are read as their
   * digits, `20261119` as `yyyyMMdd`. Not beside `unit`. Default none: texts are ISO 8601.
   */
  format: z
    .string('a format, e.g. dd/MM/yyyy HH:mm:ss')
    .max(200, 'a format of at most 200 characters')
    .superRefine((text, context) => {
      const parsed = parseTimeFormat(text);
      if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
    })
    .optional(),
};

const isReadOneWay = ({ unit, format }: { unit?: unknown; format?: unknown }) =>
  unit === undefined || format === undefined;
const ONE_WAY = 'unit or format, not both';

const timeColumn = z.strictObject({ column: columnName(), ...timeReading }).refine(isReadOneWay, ONE_WAY);

/** The time of a path's folder, as `{ folder: 'ds' }` of `ds=2026-11-19/part-0.parquet`. */
const timeFolder = z.strictObject({ folder: folderName(), ...timeReading }).refine(isReadOneWay, ONE_WAY);

/** Where a time comes from. */
const time = z.union(
  [columnName().transform((name): z.output<typeof timeColumn> => ({ column: name })), timeColumn, timeFolder],
  "a column's name, { column, unit?, format? } or { folder, unit?, format? }",
);

/** Fields under names of the user's own: unit IDs by type, metadata by key. */
const fields = z.record(
  z.string().min(1).refine(hasNoNul, 'a name without a NUL'),
  field,
  "a name and where it comes from, e.g. { userID: 'uid' }",
);

const metadata = {
  /** Members of the metadata: a list of columns, which keep their names, or key → field. Null ones are left out. */
  metadata: z
    .union(
      [
        z
          .array(columnName())
          .transform((names) => Object.fromEntries(names.map((name) => [name, byName.parse(name)]))),
        fields,
      ],
      "a list of columns, or keys and where they come from, e.g. { plan: 'plan_name' }",
    )
    .default({}),
  /** A JSON object whose members become members of the metadata; `metadata` wins where both have one. Default none. */
  metadataJson: field.optional(),
};

/** One user doing one thing. */
export const eventsMapping = z
  .strictObject({
    /** When. Default the column `timestamp`. */
    timestamp: time.prefault('timestamp'),
    /** Default the column `event_name`. */
    eventName: field.prefault('event_name'),
    /** Default none. */
    eventValue: field.optional(),
    /** Unit IDs by type, e.g. `{ userID: 'uid', companyID: 'company' }`. Default `{ userID: 'unit_id' }`. */
    unitIds: fields
      .refine((ids) => Object.keys(ids).length > 0, 'at least one unit ID')
      .prefault({ userID: 'unit_id' }),
    ...metadata,
  })
  .prefault({});

/** One metric of one unit on one day. */
export const metricsMapping = z
  .strictObject({
    /** Default the column `unit_id`. */
    unitId: field.prefault('unit_id'),
    /** Kind of the unit ID, e.g. `{ constant: 'userID' }`. Default the column `id_type`. */
    idType: field.prefault('id_type'),
    /** Its day. Default the column `date`. */
    date: time.prefault('date'),
    /** Default the column `metric_name`. */
    metricName: field.prefault('metric_name'),
    /** Default the column `metric_value`, or none when numerator and denominator are given. */
    metricValue: number.optional(),
    /** Of a ratio: a row that has both has no value. Default none. */
    numerator: number.optional(),
    /** Default none. */
    denominator: number.optional(),
  })
  .refine(
    ({ numerator, denominator }) => (numerator === undefined) === (denominator === undefined),
    'numerator and denominator, both or neither',
  )
  .prefault({});

/** One unit's exposure to one group. */
export const exposuresMapping = z
  .strictObject({
    /** When. Default the column `timestamp`. */
    timestamp: time.prefault('timestamp'),
    /** Default the column `experiment`. */
    experiment: field.prefault('experiment'),
    /** Default the column `group_id`. */
    group: field.prefault('group_id'),
    /** Default the column `unit_id`. */
    unitId: field.prefault('unit_id'),
    /** Kind of the unit ID. Default `{ constant: 'userID' }`. */
    unitType: field.prefault({ constant: 'userID' }),
    ...metadata,
  })
  .prefault({});

/** What a declared column of a table can be: the types that all readers have. */
const COLUMN_TYPES = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp'] as const;

const isTimed = ({ type, unit, format }: { type: string; unit?: unknown; format?: unknown }) =>
  (unit === undefined && format === undefined) || type === 'date' || type === 'timestamp';

const typed = {
  /** Type of the column in the table. Default `string`. */
  type: z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`).default('string'),
  ...timeReading,
  /** Files may lack it: it is null in their rows then. Default false: such a file fails. */
  optional: z.boolean('true or false').default(false),
  /** Rows without a value are refused. Default false: it is null in them. */
  required: z.boolean('true or false').default(false),
  /** What readers see next to the column. Default where it comes from. */
  comment: z
    .string('a comment')
    .min(1, 'a comment of at least one character')
    .max(255, 'a comment of at most 255 characters')
    .optional(),
};
const ONLY_TIMES = 'unit and format with type date or timestamp only';

const typedColumn = z
  .strictObject({ column: columnName(), ...typed })
  .refine(isReadOneWay, ONE_WAY)
  .refine(isTimed, ONLY_TIMES);
const typedFolder = z
  .strictObject({ folder: folderName(), ...typed })
  .refine(isReadOneWay, ONE_WAY)
  .refine(isTimed, ONLY_TIMES);

/** A column of the table, and where its values come from. */
const declared = z.union(
  [columnName().transform((name) => typedColumn.parse({ column: name })), typedColumn, typedFolder],
  "a column's name, { column, type?, unit?, format?, optional?, required?, comment? } or the same with folder",
);

/** Declared columns of a table. Far fewer than Glue allows, and enough for any sheet. */
const MOST_COLUMNS = 500;
const tableColumnName = () =>
  z
    .string('a column name')
    .regex(/^[a-z_][a-z0-9_]{0,126}$/, 'a column name: lower-case letters, digits and _');

/** Columns by their names in the table; a list of names if the files call them the same. */
const declaredColumns = z
  .union(
    [
      z
        .array(tableColumnName())
        .transform((names) => Object.fromEntries(names.map((name) => [name, declared.parse(name)]))),
      z.record(tableColumnName(), declared),
    ],
    "a list of columns, or columns and where they come from, e.g. { plan: 'plan_name' }",
  )
  .refine((columns) => Object.keys(columns).length > 0, 'at least one column')
  .refine((columns) => Object.keys(columns).length <= MOST_COLUMNS, `at most ${MOST_COLUMNS} columns`);

/** What is known of one unit on one day: Statsig's entity properties. */
export const propertiesMapping = z.strictObject({
  /** Default the column `unit_id`. */
  unitId: field.prefault('unit_id'),
  /** Kind of the unit ID. Default `{ constant: 'userID' }`. */
  idType: field.prefault({ constant: 'userID' }),
  /** The day on which the properties were so. Default none: the day of the folder, `ds`, says it. */
  date: time.optional(),
  /** A column each. */
  properties: declaredColumns,
});

/** Rows of any kind: the columns of the table are what the configuration declares. */
export const tableMapping = z
  .strictObject({
    columns: declaredColumns,
    /** Columns that rows are sorted by, so that a reader skips what it does not look for. Default: in no order. */
    sortBy: z.array(tableColumnName(), 'a list of columns').min(1, 'at least one column').optional(),
  })
  .refine(({ columns, sortBy = [] }) => sortBy.every((name) => Object.hasOwn(columns, name)), {
    path: ['sortBy'],
    message: 'names of `columns`',
  });

/** Where one field comes from, as the schema leaves it. */
export type Field = z.output<typeof field>;
/** Where one time comes from, as the schema leaves it. */
export type TimeField = z.output<typeof time>;
/** What a text of a file is read as. */
export type Cast = (typeof CASTS)[number];
/** What a number or text of time means. */
export type TimeUnit = (typeof TIME_UNITS)[number];
/** Where columns of ingested events come from, validated. */
export type EventsMapping = z.output<typeof eventsMapping>;
/** The same of metrics. */
export type MetricsMapping = z.output<typeof metricsMapping>;
/** The same of exposures. */
export type ExposuresMapping = z.output<typeof exposuresMapping>;
/** The same of properties. */
export type PropertiesMapping = z.output<typeof propertiesMapping>;
/** The same of a table with columns of its own. */
export type TableMapping = z.output<typeof tableMapping>;
/** A declared column of a table, validated. */
export type DeclaredColumn = z.output<typeof declared>;
