import { parseJson } from '../../../base/json.ts';
import { quoteName, quoteText } from '../../../base/sql.ts';
import {
  boundValue,
  type FileEntry,
  type IcebergField,
  type IcebergValue,
  type PartitionField,
  type PartitionValue,
  transformValue,
} from '../../../iceberg/index.ts';
import { isNode, nodesOf, type Tree, type TreeNode, textMember } from '../../../trino/index.ts';
import { type TableScan, VOLATILE } from '../../engine/prunePartitions.ts';
import type { Session } from '../../engine/Session.ts';
import { duckDbTypeOf } from '../types.ts';
import type { LoadedTable } from './loadTable.ts';
import { readTypedValue } from './readValue.ts';
import { valueSql } from './valueSql.ts';

/** What is known of a column's values in a file. */
interface ColumnRange {
  readonly lower?: IcebergValue | undefined;
  readonly upper?: IcebergValue | undefined;
  /** Whether there may be nulls, and other values. */
  readonly nulls: boolean;
  readonly values: boolean;
}

/** The name of the column with a file's number; Glue rejects line breaks in names. */
const NUMBER = 'file\n';
const named = (column: string, what: 'lower' | 'upper' | 'nulls' | 'values') => `${column}\n${what}`;

/**
 * The data files that can contain rows that all conditions of some scan let through: by the partition values and by the
 * columns' bounds. https://iceberg.apache.org/spec/#scan-planning
 *
 * @param name A name that is the table's own in the session.
 * @returns The files' indexes; undefined when nothing excludes a file.
 */
export async function pruneFiles(
  session: Session,
  { metadata, schema }: LoadedTable,
  files: readonly FileEntry[],
  { scans, name }: { readonly scans: readonly TableScan[]; readonly name: string },
): Promise<ReadonlySet<number> | undefined> {
  const fields = new Map(
    schema.fields
      .filter(({ type }) => typeof type === 'string')
      .map((field) => [field.name.toLowerCase(), field]),
  );
  const table = `memory.main.${quoteName(`files_${name}`)}`;
  const specs = new Map(metadata['partition-specs'].map((spec) => [spec['spec-id'], spec.fields]));
  const buckets = new Map(
    [...specs.values()]
      .flat()
      .filter(({ transform }) => transform.startsWith('bucket['))
      .map((part) => [part['field-id'], part]),
  );
  const context: Context = { session, fields, buckets: [...buckets.values()], used: new Set() };
  const filters: (TreeNode | undefined)[] = [];
  for (const { conditions } of scans) {
    const possible: TreeNode[] = [];
    for (const condition of conditions) {
      const tree = await parseCondition(session, condition);
      const maybe = tree && (await mayMatch(tree, context));
      if (maybe !== undefined) possible.push(maybe);
    }
    filters.push(possible.length === 0 ? undefined : conjunction('AND', possible));
  }
  const known = filters.filter((filter) => filter !== undefined);
  if (known.length === 0 || known.length < scans.length || files.length === 0) return undefined;
  const used = [...fields.values()].filter((field) => context.used.has(field.name.toLowerCase()));
  const columns = [
    `${quoteName(NUMBER)} INTEGER`,
    ...used.flatMap((field) => {
      const column = field.name.toLowerCase();
      const type = duckDbTypeOf(field.type);
      return [
        `${quoteName(named(column, 'lower'))} ${type}`,
        `${quoteName(named(column, 'upper'))} ${type}`,
        `${quoteName(named(column, 'nulls'))} BOOLEAN`,
        `${quoteName(named(column, 'values'))} BOOLEAN`,
      ];
    }),
    ...[...buckets.keys()].map((id) => `${quoteName(`${id}\nbucket`)} INTEGER`),
  ];
  const rows = files.map((file, index) => {
    const parts = specs.get(file.specId) ?? [];
    const ranges = used.flatMap((field) => {
      const { lower = null, upper = null, nulls, values } = columnRange(file, field, parts);
      return [valueSql(field.type, lower), valueSql(field.type, upper), String(nulls), String(values)];
    });
    const numbers = [...buckets.keys()].map((id) => String(file.partition.get(id) ?? 'NULL'));
    return `(${[String(index), ...ranges, ...numbers].join(', ')})`;
  });
  await session.run(
    `CREATE TABLE ${table} (${columns.join(', ')}); INSERT INTO ${table} VALUES ${rows.join(', ')}`,
  );
  const host = await parseSelect(session, `SELECT ${quoteName(NUMBER)} FROM ${table} WHERE true`);
  if (host === undefined) return undefined;
  const chosen = { ...host, where_clause: conjunction('OR', known) };
  const json = JSON.stringify({ error: false, statements: [{ node: chosen, named_param_map: [] }] });
  try {
    const reader = await session.read(`SELECT * FROM json_execute_serialized_sql(${quoteText(json)})`);
    return new Set(reader.getRowsJS().map(([index]) => Number(index)));
  } catch {
    // A condition fails for some bound, so it cannot exclude files.
    return undefined;
  }
}

/** What the values of a column in a file are between. */
function columnRange(
  file: FileEntry,
  { id, type }: IcebergField,
  parts: readonly PartitionField[],
): ColumnRange {
  const own = parts.filter((part) => part['source-id'] === id && part.transform !== 'void');
  const nullCount = file.nullCounts?.get(id);
  const valueCount = file.valueCounts?.get(id);
  const isNull = own.some((part) => file.partition.get(part['field-id']) === null);
  const nulls = nullCount === undefined || nullCount > 0n;
  const values = !isNull && (nullCount === undefined || valueCount === undefined || valueCount > nullCount);
  const identity = own.find(({ transform }) => transform === 'identity');
  const exact = identity === undefined ? undefined : file.partition.get(identity['field-id']);
  if (exact !== undefined && exact !== null)
    return { lower: exact, upper: exact, nulls: false, values: true };
  const [low, high] = [file.lowerBounds?.get(id), file.upperBounds?.get(id)];
  // DuckDB takes NaN for the largest number, and bounds leave it out.
  const bounded = !/^(?:float|double)$/.test(String(type)) || file.nanCounts?.get(id) === 0n;
  const lower = low === undefined ? undefined : knownBound(boundValue(type, low));
  const upper = high === undefined || !bounded ? undefined : knownBound(boundValue(type, high));
  if (lower !== undefined && upper !== undefined) return { lower, upper, nulls, values };
  for (const part of own) {
    const range = transformedRange(part.transform, String(type), file.partition.get(part['field-id']));
    if (range !== undefined)
      return { lower: lower ?? range.lower, upper: upper ?? range.upper, nulls, values };
  }
  return { lower, upper, nulls, values };
}

/** NaN is no bound. Old writers wrote it: https://iceberg.apache.org/spec/#data-file-fields. */
const knownBound = (value: IcebergValue) => (Number.isNaN(value) ? undefined : value);

const MICROS_PER_HOUR = 3_600_000_000n;
const MS_PER_DAY = 86_400_000;

/** The values that a transform gives a partition value for; undefined for those without order. */
function transformedRange(
  transform: string,
  type: string,
  value: PartitionValue | undefined,
): { readonly lower: IcebergValue; readonly upper?: IcebergValue } | undefined {
  if (value === null || value === undefined) return undefined;
  const width = /^truncate\[(\d+)\]$/.exec(transform)?.[1];
  if (width !== undefined) {
    if (typeof value !== 'number' && typeof value !== 'bigint') return { lower: value };
    const upper = BigInt(value) + BigInt(width) - 1n;
    // The last range of a type ends with it.
    if (upper > highestOf(type)) return { lower: value };
    return { lower: value, upper: typeof value === 'number' ? Number(upper) : upper };
  }
  if (typeof value !== 'number') return undefined;
  const hours = (from: number, to: number) => {
    const [lower, upper] = [BigInt(from) * MICROS_PER_HOUR, BigInt(to) * MICROS_PER_HOUR - 1n];
    return type === 'date' ? { lower: from / 24, upper: to / 24 - 1 } : { lower, upper };
  };
  const dayOf = (months: number) => Date.UTC(1970, months, 1) / MS_PER_DAY;
  if (transform === 'hour') return hours(value, value + 1);
  if (transform === 'day') return hours(value * 24, (value + 1) * 24);
  if (transform === 'month') return hours(dayOf(value) * 24, dayOf(value + 1) * 24);
  return transform === 'year' ? hours(dayOf(value * 12) * 24, dayOf((value + 1) * 12) * 24) : undefined;
}

/** The highest value of a type that can be truncated. */
function highestOf(type: string): bigint {
  const precision = /^decimal\((\d+),/.exec(type)?.[1];
  if (precision !== undefined) return 10n ** BigInt(precision) - 1n;
  return type === 'int' ? 2n ** 31n - 1n : 2n ** 63n - 1n;
}

interface Context {
  readonly session: Session;
  /** Columns with bounds, by name. */
  readonly fields: ReadonlyMap<string, IcebergField>;
  /** Partition fields by bucket. */
  readonly buckets: readonly PartitionField[];
  /** The names of the columns that conditions use. */
  readonly used: Set<string>;
}

async function parseSelect(session: Session, sql: string): Promise<TreeNode | undefined> {
  const reader = await session.read(`SELECT json_serialize_sql(${quoteText(sql)})`);
  const parsed = parseJson(String(reader.getRowsJS()[0]?.[0]).replaceAll('18446744073709551615', 'null'));
  const statements =
    typeof parsed === 'object' && parsed !== null && 'statements' in parsed ? parsed.statements : [];
  const [first]: unknown[] = Array.isArray(statements) ? statements : [];
  const node: unknown =
    typeof first === 'object' && first !== null && 'node' in first ? first.node : undefined;
  return isTreeNode(node) ? node : undefined;
}

function isTreeNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A condition of a plan as a tree. Numbers that JavaScript would round are no longer the condition's. */
async function parseCondition(session: Session, condition: string): Promise<TreeNode | undefined> {
  if (/[#;]|--|\/\*|SUBQUERY/.test(condition)) return undefined;
  const quoted = condition.replaceAll(/'(?:[^']|'')*'|(?<![\w.])-?\d{16,}(?![\w.])/g, (text) =>
    text.startsWith("'") ? text : `CAST('${text}' AS HUGEINT)`,
  );
  try {
    const where = (await parseSelect(session, `SELECT 1 WHERE (${quoted})`))?.['where_clause'];
    return isNode(where) ? where : undefined;
  } catch {
    return undefined;
  }
}

const COMPARISONS: Readonly<Record<string, readonly [flipped: string, ...bounds: ('lower' | 'upper')[]]>> = {
  COMPARE_EQUAL: ['COMPARE_EQUAL', 'lower', 'upper'],
  COMPARE_LESSTHAN: ['COMPARE_GREATERTHAN', 'lower'],
  COMPARE_LESSTHANOREQUALTO: ['COMPARE_GREATERTHANOREQUALTO', 'lower'],
  COMPARE_GREATERTHAN: ['COMPARE_LESSTHAN', 'upper'],
  COMPARE_GREATERTHANOREQUALTO: ['COMPARE_LESSTHANOREQUALTO', 'upper'],
};

/** The condition on a file's ranges that holds if a row in it may meet a condition; undefined when that is not known. */
async function mayMatch(node: TreeNode, context: Context): Promise<TreeNode | undefined> {
  const type = textMember(node, 'type');
  if (node['class'] === 'CONJUNCTION') {
    const parts: (TreeNode | undefined)[] = [];
    for (const child of nodesOf(node['children'])) parts.push(await mayMatch(child, context));
    const known = parts.filter((part) => part !== undefined);
    if (type === 'CONJUNCTION_AND') return known.length === 0 ? undefined : conjunction('AND', known);
    return known.length < parts.length ? undefined : conjunction('OR', known);
  }
  if (node['class'] === 'COMPARISON') {
    const { left, right } = node;
    if (!isNode(left) || !isNode(right)) return undefined;
    const [flipped] = COMPARISONS[type] ?? [];
    if (flipped === undefined) return undefined;
    return (await compared(type, left, right, context)) ?? (await compared(flipped, right, left, context));
  }
  if (node['class'] === 'BETWEEN') {
    const { input, lower, upper } = node;
    if (!isNode(input) || !isNode(lower) || !isNode(upper)) return undefined;
    const parts = [
      await compared('COMPARE_GREATERTHANOREQUALTO', input, lower, context),
      await compared('COMPARE_LESSTHANOREQUALTO', input, upper, context),
    ].filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : conjunction('AND', parts);
  }
  const children = nodesOf(node['children']);
  const [first] = children;
  if (node['class'] !== 'OPERATOR' || first === undefined) return undefined;
  if (type === 'COMPARE_IN') {
    const parts: TreeNode[] = [];
    for (const value of children.slice(1)) {
      const part = await compared('COMPARE_EQUAL', first, value, context);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return conjunction('OR', parts);
  }
  const column = columnOf(first, context);
  if (column === undefined || first['class'] !== 'COLUMN_REF') return undefined;
  if (type === 'OPERATOR_IS_NULL') return use(column, 'nulls', context);
  return type === 'OPERATOR_IS_NOT_NULL' ? use(column, 'values', context) : undefined;
}

async function compared(
  comparison: string,
  term: TreeNode,
  value: TreeNode,
  context: Context,
): Promise<TreeNode | undefined> {
  const column = columnOf(term, context);
  const [, ...bounds] = COMPARISONS[comparison] ?? [''];
  if (column === undefined || !isConstant(value)) return undefined;
  const parts = bounds.map((bound) => {
    const operator =
      comparison === 'COMPARE_EQUAL'
        ? bound === 'lower'
          ? 'COMPARE_LESSTHANOREQUALTO'
          : 'COMPARE_GREATERTHANOREQUALTO'
        : comparison;
    return orTrue({
      class: 'COMPARISON',
      type: operator,
      alias: '',
      left: withColumn(term, use(column, bound, context)),
      right: value,
    });
  });
  const inBucket =
    comparison === 'COMPARE_EQUAL' && term['class'] === 'COLUMN_REF'
      ? await bucketConditions(column, value, context)
      : [];
  return conjunction('AND', [use(column, 'values', context), ...parts, ...inBucket]);
}

/** The conditions that a file is of the bucket that a value is in. */
async function bucketConditions(
  column: string,
  value: TreeNode,
  { session, fields, buckets }: Context,
): Promise<readonly TreeNode[]> {
  const field = fields.get(column);
  const own = buckets.filter((part) => part['source-id'] === field?.id);
  if (field === undefined || own.length === 0) return [];
  const found = await readTypedValue(session, value, field.type);
  if (found === undefined) return [];
  return own.map((part) =>
    orTrue({
      class: 'COMPARISON',
      type: 'COMPARE_EQUAL',
      alias: '',
      left: columnRef(`${part['field-id']}\nbucket`),
      right: constant(Number(transformValue(part.transform, field.type, found))),
    }),
  );
}

/** The only column of a term that grows with it: the column itself, cast to a type with the same order, or cut to a unit. */
function columnOf(term: TreeNode, context: Context): string | undefined {
  const { column_names: names, child } = term;
  if (term['class'] === 'COLUMN_REF' && Array.isArray(names)) {
    const name = names.length === 1 ? String(names[0]).toLowerCase() : '';
    return context.fields.has(name) ? name : undefined;
  }
  if (term['class'] === 'CAST' && isNode(child) && isNode(term['cast_type'])) {
    const column = columnOf(child, context);
    const from = String(context.fields.get(column ?? '')?.type ?? '');
    const to = textMember(term['cast_type'], 'id');
    return /^(?:int|long|float|double|decimal|date|timestamp)/.test(from) && ORDERED.test(to)
      ? column
      : undefined;
  }
  const [unit, inner] = nodesOf(term['children']);
  const cut = term['class'] === 'FUNCTION' && textMember(term, 'function_name') === 'date_trunc';
  return cut && unit?.['class'] === 'CONSTANT' && inner !== undefined ? columnOf(inner, context) : undefined;
}

const ORDERED = /^(?:INTEGER|BIGINT|HUGEINT|FLOAT|DOUBLE|DECIMAL|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE)$/;

/** The term with another column in the place of its own. */
function withColumn(term: TreeNode, column: TreeNode): TreeNode {
  if (term['class'] === 'COLUMN_REF') return column;
  const { child } = term;
  if (isNode(child)) return { ...term, child: withColumn(child, column) };
  const [unit, inner] = nodesOf(term['children']);
  return unit === undefined || inner === undefined
    ? term
    : { ...term, children: [unit, withColumn(inner, column)] };
}

/** Whether an expression has the same value for every row. */
function isConstant(tree: Tree): boolean {
  if (Array.isArray(tree)) return tree.every(isConstant);
  if (!isNode(tree)) return true;
  if (
    /^(?:COLUMN_REF|SUBQUERY|WINDOW|STAR|LAMBDA|LAMBDA_REF|POSITIONAL_REFERENCE)$/.test(
      textMember(tree, 'class'),
    )
  )
    return false;
  return !VOLATILE.has(textMember(tree, 'function_name')) && Object.values(tree).every(isConstant);
}

function use(column: string, what: Parameters<typeof named>[1], { used }: Context): TreeNode {
  used.add(column);
  return columnRef(named(column, what));
}

function columnRef(name: string): TreeNode {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [name] };
}

function constant(value: number | boolean): TreeNode {
  const id = typeof value === 'boolean' ? 'BOOLEAN' : 'INTEGER';
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type: { id, type_info: null }, is_null: false, value },
  };
}

/** An unknown bound excludes nothing. */
function orTrue(comparison: TreeNode): TreeNode {
  return { class: 'OPERATOR', type: 'OPERATOR_COALESCE', alias: '', children: [comparison, constant(true)] };
}

function conjunction(kind: 'AND' | 'OR', children: readonly TreeNode[]): TreeNode {
  const [only] = children;
  if (children.length === 1 && only !== undefined) return only;
  return { class: 'CONJUNCTION', type: `CONJUNCTION_${kind}`, alias: '', children };
}
