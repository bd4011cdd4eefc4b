import * as z from 'zod';
import { named, noted } from './fields/noted.ts';
import { STATSIG_EXPORTS, statsigExportMapping } from './fields/statsigExports.ts';
import { parseTimeFormat } from './timeFormat.ts';

/** Types to which a column may be cast before its field takes it. */
const CASTS = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp', 'uuid'] as const;

/** Units and formats of a time column. */
const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'timestamp', 'iso'] as const;

/** No statement of SQL can hold a NUL. */
const hasNoNul = (text: string) => !text.includes('\0');

const columnName = () =>
  z
    .string('a column name')
    .min(1, 'a column name of at least one character')
    .max(1_024, 'a column name of at most 1024 characters')
    .refine(hasNoNul, 'a column name without a NUL');

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
      { text: 'The same value in every row.', example: 'userID' },
    ),
  }),
);

/** Settings that a column and a folder have in common. */
const reading = {
  cast: noted(z.enum(CASTS, `one of ${CASTS.join(', ')}`).optional(), {
    text: 'Turn the value into this first. A row whose value cannot be turned is refused. `uuid` reads texts and 16 bytes.',
    absent:
      'none: bytes are UTF-8 text, except in columns of exactly 16 bytes by the schema of the file, which are UUIDs. A folder is its text',
    example: 'string',
  }),
  optional: noted(z.boolean('true or false').default(false), {
    text: 'Files may lack it: it is null in their rows then. With `false` such a file fails.',
    example: true,
  }),
};

const column = named(
  'ColumnInput',
  z.strictObject({
    column: noted(columnName(), {
      text: 'Name of the column in the file, exactly. `a.b` is the member b of a struct a, unless a column is called that.',
      example: 'uid',
    }),
    ...reading,
  }),
);

const folderName = () =>
  z
    .string('the name of a folder')
    .min(1, 'the name of a folder, e.g. country of country=DE')
    .max(255, 'a name of at most 255 characters')
    .regex(/^[^/=]+$/, 'the name of a folder without / and =, e.g. country of country=DE');

const folder = named(
  'FolderInput',
  z.strictObject({
    folder: noted(folderName(), {
      text: "Name of a folder of the file's path, as Hive writes partitions: `country` of `country=DE/part-0.parquet`.",
      example: 'country',
    }),
    ...reading,
  }),
);

const byName = columnName().transform((name): z.output<typeof column> => ({ column: name, optional: false }));

/**
 * Where a field comes from: a column by its name, a column with more to say of it, a folder of the file's path, or the
 * same in every row.
 */
const field = named(
  'FieldInput',
  z.union(
    [byName, column, folder, constant],
    "a column's name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }",
  ),
);

/** Casts that never produce a number. */
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
  unit: noted(z.enum(TIME_UNITS, `one of ${TIME_UNITS.join(', ')}`).optional(), {
    text: "Epoch seconds, milliseconds, microseconds or nanoseconds; `timestamp` for a column of Parquet's own timestamps or dates; `iso` for texts.",
    absent:
      "by the type of the column: timestamps and dates are themselves, texts are ISO 8601, numbers are seconds, as Statsig's S3 ingestion has them",
    example: 'ms',
  }),
  format: noted(
    z
      .string('a format, e.g. dd/MM/yyyy HH:mm:ss')
      .max(200, 'a format of at most 200 characters')
      .superRefine((text, context) => {
        const parsed = parseTimeFormat(text);
        if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
      })
      .optional(),
    {
      text: "How texts are written, in the letters of Java's DateTimeFormatter. Whole numbers are read as their digits, `20261119` as `yyyyMMdd`. Not together with `unit`.",
      absent: 'texts are ISO 8601',
      example: 'dd/MM/yyyy HH:mm:ss',
    },
  ),
};

const isReadOneWay = ({ unit, format }: { unit?: unknown; format?: unknown }) =>
  unit === undefined || format === undefined;
const ONE_WAY = 'unit or format, not both';

const timeColumn = named(
  'TimeColumnInput',
  z
    .strictObject({
      column: noted(columnName(), { text: 'Name of the column in the file, exactly.', example: 'ts' }),
      ...timeReading,
    })
    .refine(isReadOneWay, ONE_WAY),
);

/** The time of a path's folder, as `{ folder: 'ds' }` of `ds=2026-11-19/part-0.parquet`. */
const timeFolder = named(
  'TimeFolderInput',
  z
    .strictObject({
      folder: noted(folderName(), {
        text: "Name of a folder of the file's path: `ds` of `ds=2026-11-19/part-0.parquet`.",
        example: 'ds',
      }),
      ...timeReading,
    })
    .refine(isReadOneWay, ONE_WAY),
);

/** Where a time comes from. */
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

const metadata = {
  metadata: noted(
    z
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
    {
      text: 'Members of the metadata: a list of columns, which keep their names, or keys and where each comes from. Null values are left out.',
      example: { plan: 'plan_name' },
    },
  ),
  metadataJson: noted(field.optional(), {
    text: 'A JSON object whose members become members of the metadata. `metadata` wins where both have one.',
    absent: 'none',
    example: 'properties',
  }),
};

const UNIT_TYPE = 'Kind of the unit ID.';

/** One user doing one thing. */
export const eventsMapping = named(
  'EventsMappingInput',
  z.strictObject({
    timestamp: noted(time.prefault('timestamp'), {
      text: 'When it happened.',
      example: { column: 'ts', unit: 'ms' },
    }),
    eventName: noted(field.prefault('event_name'), { text: 'Name of the event.', example: 'action' }),
    eventValue: noted(field.optional(), {
      text: 'Value of the event.',
      absent: 'none',
      example: 'revenue',
    }),
    unitIds: noted(
      fields
        .refine((ids) => Object.keys(ids).length > 0, 'at least one unit ID')
        .prefault({ userID: 'unit_id' }),
      { text: 'Unit IDs by type.', example: { userID: 'uid', companyID: 'company' } },
    ),
    ...metadata,
  }),
).prefault({});

/** One metric of one unit on one day. */
export const metricsMapping = named(
  'MetricsMappingInput',
  z
    .strictObject({
      unitId: noted(field.prefault('unit_id'), { text: 'The unit ID.', example: 'uid' }),
      idType: noted(field.prefault('id_type'), { text: UNIT_TYPE, example: { constant: 'userID' } }),
      date: noted(time.prefault('date'), { text: 'The day of the metric.', example: { folder: 'ds' } }),
      metricName: noted(field.prefault('metric_name'), {
        text: 'Name of the metric.',
        example: { constant: 'revenue' },
      }),
      metricValue: noted(number.optional(), {
        text: 'Value of the metric.',
        absent: 'the column `metric_value`, or none with `numerator` and `denominator`',
        example: 'value',
      }),
      numerator: noted(number.optional(), {
        text: 'Numerator of a ratio. A row that has both has no value.',
        absent: 'none',
        example: 'clicks',
      }),
      denominator: noted(number.optional(), {
        text: 'Denominator of a ratio.',
        absent: 'none',
        example: 'views',
      }),
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
    timestamp: noted(time.prefault('timestamp'), {
      text: 'When the unit was exposed.',
      example: { column: 'ts', unit: 'ms' },
    }),
    experiment: noted(field.prefault('experiment'), {
      text: 'Name of the experiment.',
      example: { constant: 'checkout_button' },
    }),
    group: noted(field.prefault('group_id'), { text: 'The group.', example: 'variant' }),
    unitId: noted(field.prefault('unit_id'), { text: 'The unit ID.', example: 'uid' }),
    unitType: noted(field.prefault({ constant: 'userID' }), { text: UNIT_TYPE, example: 'id_type' }),
    ...metadata,
  }),
).prefault({});

/** Types of a table's declared column: those that all readers have. */
const COLUMN_TYPES = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp'] as const;

const isTimed = ({ type, unit, format }: { type: string; unit?: unknown; format?: unknown }) =>
  (unit === undefined && format === undefined) || type === 'date' || type === 'timestamp';

const typed = {
  type: noted(z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`).default('string'), {
    text: 'Type of the column in the table.',
    example: 'double',
  }),
  ...timeReading,
  optional: noted(z.boolean('true or false').default(false), {
    text: 'Files may lack it: it is null in their rows then. With `false` such a file fails.',
    example: true,
  }),
  required: noted(z.boolean('true or false').default(false), {
    text: 'Rows without a value are refused. With `false` it is null in them.',
    example: true,
  }),
  comment: noted(
    z
      .string('a comment')
      .min(1, 'a comment of at least one character')
      .max(255, 'a comment of at most 255 characters')
      .optional(),
    {
      text: 'The comment that readers see next to the column.',
      absent: 'where the column comes from',
      example: 'Net amount in EUR',
    },
  ),
};
const ONLY_TIMES = 'unit and format with type date or timestamp only';

const typedColumn = named(
  'TypedColumnInput',
  z
    .strictObject({
      column: noted(columnName(), { text: 'Name of the column in the file, exactly.', example: 'amount' }),
      ...typed,
    })
    .refine(isReadOneWay, ONE_WAY)
    .refine(isTimed, ONLY_TIMES),
);
const typedFolder = named(
  'TypedFolderInput',
  z
    .strictObject({
      folder: noted(folderName(), { text: "Name of a folder of the file's path.", example: 'country' }),
      ...typed,
    })
    .refine(isReadOneWay, ONE_WAY)
    .refine(isTimed, ONLY_TIMES),
);

/** A column of the table, and where its values come from. */
const declared = named(
  'DeclaredColumnInput',
  z.union(
    [columnName().transform((name) => typedColumn.parse({ column: name })), typedColumn, typedFolder],
    "a column's name, { column, type?, unit?, format?, optional?, required?, comment? } or the same with folder",
  ),
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

/** Properties of one unit on one day: Statsig's entity properties. */
export const propertiesMapping = named(
  'PropertiesMappingInput',
  z.strictObject({
    unitId: noted(field.prefault('unit_id'), { text: 'The unit ID.', example: 'uid' }),
    idType: noted(field.prefault({ constant: 'userID' }), { text: UNIT_TYPE, example: 'id_type' }),
    date: noted(time.optional(), {
      text: 'The day on which the properties were so.',
      absent: 'the day of the folder, `ds`',
      example: 'valid_on',
    }),
    properties: noted(declaredColumns, {
      text: 'A column for each property: a list of columns, which keep their names, or the column and where it comes from.',
      example: { plan: 'plan_name' },
    }),
  }),
);

/** Rows of any kind: the columns of the table are what the configuration declares. */
const declaredMapping = named(
  'TableMappingInput',
  z
    .strictObject({
      columns: noted(declaredColumns, {
        text: 'Columns of the table: a list of columns of the files, or the column and where it comes from.',
        example: { order_id: 'id', amount: { column: 'amount', type: 'double' } },
      }),
      sortBy: noted(
        z.array(tableColumnName(), 'a list of columns').min(1, 'at least one column').optional(),
        {
          text: 'Columns that rows are sorted by, so that a reader skips what it does not look for.',
          absent: 'in no order',
          example: ['order_id'],
        },
      ),
    })
    .refine(({ columns, sortBy = [] }) => sortBy.every((name) => Object.hasOwn(columns, name)), {
      path: ['sortBy'],
      message: 'names of `columns`',
    }),
);

/** The same, or the name of a mapping of Statsig's own exports. */
export const tableMapping = z.union(
  [
    z
      .enum(STATSIG_EXPORTS, `one of ${STATSIG_EXPORTS.join(', ')}`)
      .transform((name) => declaredMapping.parse(statsigExportMapping(name))),
    declaredMapping,
  ],
  `{ columns, sortBy? }, or one of ${STATSIG_EXPORTS.join(', ')}`,
);

/** Where one field comes from, as the schema leaves it. */
export type Field = z.output<typeof field>;
/** Where one time comes from, as the schema leaves it. */
export type TimeField = z.output<typeof time>;
/** The type to which a column is cast. */
export type Cast = (typeof CASTS)[number];
/** The unit or format of a time. */
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
