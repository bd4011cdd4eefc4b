import * as z from 'zod';
import { flag } from '../formats.ts';
import { COMMENT_CHARACTERS } from '../names.ts';
import { named, noted } from '../noted.ts';
import {
  areDistinct,
  COLUMN,
  columnName,
  columnNames,
  EACH_ONCE,
  folderName,
  isReadOneWay,
  ONE_WAY,
  timeReading,
} from './fieldSource.ts';

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

/** A declared column of a table, validated. */
export type DeclaredColumn = z.output<typeof declared>;
