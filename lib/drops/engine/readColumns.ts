import { quoteText } from '../../base/sql.ts';
import type { DuckDbSession } from '../../duckdb/DuckDbSession.ts';
import {
  CONVERTED,
  ELEMENT,
  intOf,
  LOGICAL,
  PHYSICAL,
  type SchemaNode,
  structOf,
} from '../../parquet/parquetFooter.ts';
import type { FileColumn } from './Engine.ts';
import { type DecimalSize, decimalOf, isImpossible, isVariant, MOST_DIGITS } from './readableSchema.ts';

/** Members of `TimestampType` and of its unit. */
const TIMESTAMP_UNIT = 2;
const NANOSECONDS = 3;

/** A decimal in a type, or a quoted name, which may look like one. */
const DECIMALS = /"(?:[^"]|"")*"|\bDECIMAL\(\d+,\d+\)/g;

/**
 * Reads the columns of a file, in order, from DuckDB and from the file's own schema.
 *
 * @param root The schema as the file declares it.
 */
export async function readColumns(
  session: DuckDbSession,
  path: string,
  root: SchemaNode,
): Promise<FileColumn[]> {
  const types = await session.rows(
    `DESCRIBE SELECT * FROM read_parquet(${quoteText(path)}, hive_partitioning = false)`,
  );
  const names = new Set(types.map(({ column_name }) => String(column_name).toLowerCase()));
  return types.map(({ column_name, column_type }, i) => {
    let sqlName = String(column_name);
    if (TAKEN.test(sqlName)) for (sqlName = `file column ${i}`; names.has(sqlName); sqlName += '_');
    return columnOf(sqlName, String(column_type), root.children[i]);
  });
}

/** Columns that DuckDB and a load add to a row, which columns of a file would hide. */
const TAKEN = /^(file_row_number|file_index|sluice_folder_\d+)$/i;

/** Whether a column of a file gets another name in SQL, as it would hide one that is added. */
export function isTaken(name: string): boolean {
  return TAKEN.test(name);
}

function columnOf(sqlName: string, type: string, node: SchemaNode | undefined): FileColumn {
  const declared = declaredType(type, node);
  if (node === undefined) {
    const unsaid = {
      fixedBytes: null,
      untold: false,
      misread: null,
      nanoseconds: false,
      utc: false,
      empty: false,
    };
    return { name: sqlName, sqlName, type, declared, ...unsaid, leaves: null, members: [] };
  }
  const members = isVariant(node) ? [] : structMembers(type);
  const { children } = node;
  return {
    name: node.name,
    sqlName,
    type,
    declared,
    fixedBytes: type === 'BLOB' ? (intOf(node.element, ELEMENT.length) ?? null) : null,
    untold: hasUntold(node),
    misread: whyMisread(node),
    nanoseconds: isNanoseconds(node),
    utc: type.startsWith('TIMESTAMP') && isUtc(node),
    empty: structOf(node.element, ELEMENT.logical)?.has(LOGICAL.unknown) === true,
    leaves: node.leaves,
    members: members.map((member, i) =>
      columnOf(member.name, member.type, children.length === members.length ? children[i] : undefined),
    ),
  };
}

/** A type with the decimals that the file declares. */
function declaredType(type: string, node: SchemaNode | undefined): string {
  if (node === undefined) return type;
  if (isVariant(node)) return 'VARIANT';
  const size = decimalOf(node);
  if (size !== null && size.digits > MOST_DIGITS) return `DECIMAL(${size.digits})`;
  if (size !== null && isImpossible(size)) return decimalType(size);
  const sizes = decimalsIn(node);
  if (
    sizes.length !==
    (type.replace(DECIMALS, (text) => (text.startsWith('"') ? '' : '\0')).match(/\0/g)?.length ?? 0)
  ) {
    return type;
  }
  let next = 0;
  return type.replace(DECIMALS, (text) => {
    if (text.startsWith('"')) return text;
    const one = sizes[next];
    next += 1;
    return one === undefined ? text : decimalType(one);
  });
}

function decimalType({ digits, scale }: DecimalSize): string {
  return Number.isNaN(digits) ? 'DECIMAL of two sizes' : `DECIMAL(${digits},${scale})`;
}

/** Declared types of decimals that DuckDB reads as decimals, depth first, in the order of the type's name. */
function decimalsIn(node: SchemaNode): DecimalSize[] {
  const size = decimalOf(node);
  if (size !== null) return isImpossible(size) || size.digits > MOST_DIGITS ? [] : [size];
  return node.children.flatMap(decimalsIn);
}

/** The type that a column, or something inside it, would need, as DuckDB misreads it; null if it does not. */
function whyMisread(node: SchemaNode): string | null {
  if (isVariant(node)) return 'JSON as text';
  const size = decimalOf(node);
  if (isImpossible(size)) return 'a decimal of a possible size';
  if (size !== null && size.digits > MOST_DIGITS) return `decimals of at most ${MOST_DIGITS} digits`;
  const alike = namesAlike(node.children);
  if (alike !== null) return `members whose names differ in more than case, unlike ${alike}`;
  for (const child of node.children) {
    const why = whyMisread(child);
    if (why !== null) return why;
  }
  return null;
}

/** Two names of members of a struct that DuckDB takes for the same, so that it renames one; null without any. */
function namesAlike(members: readonly SchemaNode[]): string | null {
  const seen = new Map<string, string>();
  for (const { name } of members) {
    const folded = name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    const before = seen.get(folded);
    if (before !== undefined) return `${JSON.stringify(before)} and ${JSON.stringify(name)}`;
    seen.set(folded, name);
  }
  return null;
}

const UUID_BYTES = 16;

function hasUntold({ element, children }: SchemaNode): boolean {
  if (children.length > 0) return children.some(hasUntold);
  const isSixteen =
    intOf(element, ELEMENT.type) === PHYSICAL.fixed && intOf(element, ELEMENT.length) === UUID_BYTES;
  return isSixteen && !element.has(ELEMENT.converted) && !element.has(ELEMENT.logical);
}

function isNanoseconds({ element }: SchemaNode): boolean {
  const timestamp = structOf(element, ELEMENT.logical)?.get(LOGICAL.timestamp);
  if (timestamp === undefined) return false;
  const logical = structOf(new Map([[1, timestamp]]), 1);
  const unit = logical === null ? null : structOf(logical, TIMESTAMP_UNIT);
  return unit?.has(NANOSECONDS) === true;
}

function isUtc({ element }: SchemaNode): boolean {
  const converted = intOf(element, ELEMENT.converted);
  const isOld = converted === CONVERTED.timestampMillis || converted === CONVERTED.timestampMicros;
  return intOf(element, ELEMENT.type) === PHYSICAL.int96 || (isOld && !element.has(ELEMENT.logical));
}

const STRUCT = /^STRUCT\((.*)\)$/s;

/** The members of a struct type as DuckDB prints it, `STRUCT(a INTEGER, "b c" STRUCT(d VARCHAR))`; empty for other types. */
export function structMembers(type: string): { readonly name: string; readonly type: string }[] {
  const inner = STRUCT.exec(type)?.[1];
  if (inner === undefined) return [];
  return splitOutside(inner, ',').flatMap((item) => {
    const [name = '', ...rest] = splitOutside(item.trim(), ' ');
    return rest.length === 0 ? [] : [{ name: unquote(name), type: rest.join(' ') }];
  });
}

/** Splits at a character outside of parentheses and quotes. */
export function splitOutside(text: string, at: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (quote !== '') {
      // A doubled quote closes and opens again, with the same effect.
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === at && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** The type of a list's items, `INTEGER` for `INTEGER[]`; null for other types. */
export function listElement(type: string): string | null {
  return /^(.*)\[\d*\]$/s.exec(type)?.[1] ?? null;
}

/** The types of a map's keys and values, from `MAP(VARCHAR, INTEGER)`; null for other types. */
export function mapParts(type: string): { readonly key: string; readonly value: string } | null {
  const inner = /^MAP\((.*)\)$/s.exec(type)?.[1];
  if (inner === undefined) return null;
  const [key = '', ...value] = splitOutside(inner, ',');
  return { key: key.trim(), value: value.join(',').trim() };
}
