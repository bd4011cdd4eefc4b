import * as z from 'zod';
import { isJsonObject, parseJson } from '../base/json.ts';
import { parseTimeFormat } from './fields/timeFormat.ts';
import { flag } from './formats.ts';
import { COMMENT_CHARACTERS } from './names.ts';
import { named, noted } from './noted.ts';

/** The types that bytes may be read as. */
const CASTS = ['string', 'uuid'] as const;

/** Units and formats of a time column. */
const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'timestamp', 'iso'] as const;

/** Whether a text has no NUL, which no statement of SQL can hold. */
const hasNoNul = (text: string) => !text.includes('\0');

/** What is expected of a list of names. */
const EACH_ONCE = 'each name once';
/** Whether no name is in a list twice. */
const areDistinct = (names: readonly string[]) => new Set(names).size === names.length;
/** The most names that one column may have had. */
const MOST_NAMES = 20;

/** The name of a column of a file. */
const columnName = () =>
  z
    .string('a column name')
    .min(1, 'a column name of at least one character')
    .max(1_024, 'a column name of at most 1024 characters')
    .refine(hasNoNul, 'a column name without a NUL');

/**
 * The names that one column has had, of which each file has one. So a renamed column needs one edit, and older days can
 * be loaded again.
 */
const columnNames = () =>
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
    'What bytes are; a row whose value is none is refused.',
    'none: bytes are UTF-8 text, or a UUID in columns of exactly 16 bytes',
  ),
  optional: noted(flag().default(false), 'Files may lack it: it is null in their rows then.'),
};

/** What the reference says of a column of the files. */
const COLUMN =
  'Name of the column in the file, in any case of letters; or a list of names, of which each file has one.';

/** A column of the files. */
const column = named(
  'ColumnInput',
  z.strictObject({
    column: noted(columnNames(), COLUMN),
    ...reading,
  }),
);

/** The name before the `=` of a folder. */
const folderName = () =>
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
const byName = columnName().transform((name): z.output<typeof column> => ({ column: name, optional: false }));

/**
 * The source of a field: a column by its name, a column with settings, a folder of the file's path, or the same value
 * in every row.
 */
const field = named(
  'FieldInput',
  z.union(
    [byName, column, folder, constant],
    "a column's name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }",
  ),
);

/** The source of a number. */
const number = field
  .refine(
    (from) => 'constant' in from || from.cast === undefined,
    'no cast: a number is read from numbers, texts and booleans as they are',
  )
  .refine((from) => !('constant' in from) || isNumber(from.constant), 'a constant that is a number');

/** Whether a constant is a number, also as a text. */
function isNumber(constant: string | number | boolean): boolean {
  return String(constant).trim() !== '' && Number.isFinite(Number(constant));
}

/** The source of a JSON object. */
const jsonObject = field.refine(
  (from) => !('constant' in from) || isJsonObject(parseJson(String(from.constant))),
  'a constant that is the text of a JSON object',
);

/** How a column is read as a time. */
const timeReading = {
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
const isReadOneWay = ({ unit, format }: { unit?: unknown; format?: unknown }) =>
  unit === undefined || format === undefined;
/** What is expected of the reading of a time. */
const ONE_WAY = 'unit or format, not both';

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
const time = named(
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

/** Fields under names of the user's own: unit IDs by type, metadata by key. */
const fields = z.record(
  z.string().min(1).refine(hasNoNul, 'a name without a NUL'),
  field,
  "a name and where it comes from, e.g. { userID: 'uid' }",
);

/** What an event or an exposure has besides its own columns. */
const metadata = {
  metadata: noted(
    z
      .union(
        [
          z
            .array(columnName())
            .refine(areDistinct, EACH_ONCE)
            .transform((names) => Object.fromEntries(names.map((name) => [name, byName.parse(name)]))),
          fields,
        ],
        "a list of columns, or keys and where they come from, e.g. { plan: 'plan_name' }",
      )
      .default({}),
    'Members of the metadata: a list of columns, or keys and where each comes from.',
  ),
  metadataJson: noted(
    jsonObject.optional(),
    'A JSON object whose members become members of the metadata.',
    'none',
  ),
};

/** What the reference says of the type of a unit. */
const UNIT_TYPE = 'Kind of the unit ID.';

/** One user doing one thing. */
export const eventsMapping = named(
  'EventsMappingInput',
  z.strictObject({
    timestamp: noted(time.prefault('timestamp'), 'When it happened.'),
    eventName: noted(field.prefault('event_name'), 'Name of the event.'),
    eventValue: noted(field.optional(), 'Value of the event.', 'none'),
    unitIds: noted(
      fields
        .refine((ids) => Object.keys(ids).length > 0, 'at least one unit ID')
        .prefault({ userID: 'unit_id' }),
      'Unit IDs by type.',
    ),
    ...metadata,
  }),
).prefault({});

/** One metric of one unit on one day. */
export const metricsMapping = named(
  'MetricsMappingInput',
  z
    .strictObject({
      unitId: noted(field.prefault('unit_id'), 'The unit ID.'),
      idType: noted(field.prefault('id_type'), UNIT_TYPE),
      date: noted(time.prefault('date'), 'The day of the metric.'),
      metricName: noted(field.prefault('metric_name'), 'Name of the metric.'),
      metricValue: noted(
        number.optional(),
        'Value of the metric.',
        'the column `metric_value`, or none with `numerator` and `denominator`',
      ),
      numerator: noted(number.optional(), 'Numerator of a ratio. A row that has both has no value.', 'none'),
      denominator: noted(number.optional(), 'Denominator of a ratio.', 'none'),
    })
    .refine(
      ({ numerator, denominator }) => (numerator === undefined) === (denominator === undefined),
      'numerator and denominator, both or neither',
    ),
).prefault({});

/** One unit's exposure to one group. */
export const exposuresMapping = named(
  'ExposuresMappingInput',
  z.strictObject({
    timestamp: noted(time.prefault('timestamp'), 'When the unit was exposed.'),
    experiment: noted(field.prefault('experiment'), 'Name of the experiment.'),
    group: noted(field.prefault('group_id'), 'The group.'),
    unitId: noted(field.prefault('unit_id'), 'The unit ID.'),
    unitType: noted(field.prefault({ constant: 'userID' }), UNIT_TYPE),
    ...metadata,
  }),
).prefault({});

/** Types of a table's declared column: those that all readers have. */
const COLUMN_TYPES = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp'] as const;

/** Whether unit and format are only with types of times. */
const isTimed = ({ type, unit, format }: { type: string; unit?: unknown; format?: unknown }) =>
  (unit === undefined && format === undefined) || type === 'date' || type === 'timestamp';

/** A column of a table whose columns the configuration declares. */
const typed = {
  type: noted(
    z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`).default('string'),
    `Type of the column in the table: ${COLUMN_TYPES.join(', ')}.`,
  ),
  ...timeReading,
  optional: noted(flag().default(false), 'Files may lack it: it is null in their rows then.'),
  required: noted(flag().default(false), 'Rows without a value are refused.'),
  comment: noted(
    z
      .string('a comment')
      .min(1, 'a comment of at least one character')
      .max(COMMENT_CHARACTERS, `a comment of at most ${COMMENT_CHARACTERS} characters`)
      .regex(/^[\t\P{Cc}]*$/u, 'a comment of one line, without control characters')
      .optional(),
    'The comment that readers see next to the column.',
    'where the column comes from',
  ),
};
/** What is expected of unit and format. */
const ONLY_TIMES = 'unit and format with type date or timestamp only';

/** A declared column that is read from a column of the files. */
const typedColumn = named(
  'TypedColumnInput',
  z
    .strictObject({
      column: noted(columnNames(), COLUMN),
      ...typed,
    })
    .refine(isReadOneWay, ONE_WAY)
    .refine(isTimed, ONLY_TIMES),
);
/** A declared column that is read from a folder above the files. */
const typedFolder = named(
  'TypedFolderInput',
  z
    .strictObject({
      folder: noted(folderName(), "Name of a folder of the file's path."),
      ...typed,
    })
    .refine(isReadOneWay, ONE_WAY)
    .refine(isTimed, ONLY_TIMES),
);

/** The source of the values of a declared column. */
const declared = named(
  'DeclaredColumnInput',
  z.union(
    [columnName().transform((name) => typedColumn.parse({ column: name })), typedColumn, typedFolder],
    "a column's name, { column, type?, unit?, format?, optional?, required?, comment? } or the same with folder",
  ),
);

/** The most declared columns of a table: far fewer than Glue allows, and enough for any sheet. */
const MOST_COLUMNS = 500;
/** The name of a declared column. */
const tableColumnName = () =>
  z
    .string('a column name')
    .regex(/^(?!__proto__$)[a-z_][a-z0-9_]{0,126}$/, 'a column name: lower-case letters, digits and _');

/** Columns by their names in the table, or a list of names if the files have the same names. */
const declaredColumns = z
  .union(
    [
      z
        .array(tableColumnName())
        .refine(areDistinct, EACH_ONCE)
        .transform((names) => Object.fromEntries(names.map((name) => [name, declared.parse(name)]))),
      z.record(tableColumnName(), declared),
    ],
    "a list of columns, or columns and where they come from, e.g. { plan: 'plan_name' }",
  )
  .refine((columns) => Object.keys(columns).length > 0, 'at least one column')
  .refine((columns) => Object.keys(columns).length <= MOST_COLUMNS, `at most ${MOST_COLUMNS} columns`);

/** Rows of any kind: the columns of the table are what the configuration declares. */
export const tableMapping = named(
  'TableMappingInput',
  z
    .strictObject({
      columns: noted(
        declaredColumns,
        'Columns of the table: a list of columns of the files, or names and where each comes from.',
      ),
      sortBy: noted(
        z
          .array(tableColumnName(), 'a list of columns')
          .min(1, 'at least one column')
          .refine(areDistinct, EACH_ONCE)
          .optional(),
        'Columns that rows are sorted by, so that a reader skips what it does not look for.',
        'in no order',
      ),
    })
    .refine(({ columns, sortBy = [] }) => sortBy.every((name) => Object.hasOwn(columns, name)), {
      path: ['sortBy'],
      message: 'names of `columns`',
    }),
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
/** The validated mapping of ingested events. */
export type EventsMapping = z.output<typeof eventsMapping>;
/** The validated mapping of ingested metrics. */
export type MetricsMapping = z.output<typeof metricsMapping>;
/** The validated mapping of ingested exposures. */
export type ExposuresMapping = z.output<typeof exposuresMapping>;
/** A declared column of a table, validated. */
export type DeclaredColumn = z.output<typeof declared>;
