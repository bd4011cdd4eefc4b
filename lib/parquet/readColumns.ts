import { quoteText } from '../base/sql.ts';
import type { DuckDbSession } from './DuckDbSession.ts';
import type { FileColumn } from './FileSchema.ts';
import {
  CONVERTED,
  ELEMENT,
  intOf,
  LOGICAL,
  PHYSICAL,
  type SchemaNode,
  structOf,
} from './format/schemaTree.ts';
import { isVariant, whyMisread } from './misread.ts';

/** Columns that DuckDB and a load add to a row, which columns of a file would hide. */
const TAKEN = /^(file_row_number|file_index|sluice_folder_\d+)$/i;

/** Field ID of the unit in `TimestampType`. */
const TIMESTAMP_UNIT = 2;
/** Field ID of nanoseconds in that unit. */
const NANOSECONDS = 3;

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
    const sqlName = isTaken(String(column_name)) ? freeName(`file column ${i}`, names) : String(column_name);
    return columnOf(sqlName, String(column_type), root.children[i]);
  });
}

/** A name that no column has: the given one, with underscores behind it while it is taken. */
function freeName(wanted: string, names: ReadonlySet<string>): string {
  let name = wanted;
  while (names.has(name)) name += '_';
  return name;
}

/** Whether a column of a file gets another name in SQL, as it would hide one that is added. */
export function isTaken(name: string): boolean {
  return TAKEN.test(name);
}

/**
 * A column, by what DuckDB and the footer say of it.
 *
 * @param node Its element in the footer; undefined if it cannot be told which one is.
 */
function columnOf(sqlName: string, type: string, node: SchemaNode | undefined): FileColumn {
  if (node === undefined) {
    return {
      name: sqlName,
      sqlName,
      type,
      isUnknownBytes: false,
      misread: null,
      isNanoseconds: false,
      isUtc: false,
      isEmpty: false,
      leaves: null,
      members: [],
    };
  }
  const members = isVariant(node) ? [] : structMembers(type);
  const { children } = node;
  return {
    name: node.name,
    sqlName,
    type,
    isUnknownBytes: hasUnknownBytes(node),
    misread: whyMisread(node),
    isNanoseconds: isNanoseconds(node),
    isUtc: type.startsWith('TIMESTAMP') && isUtc(node),
    isEmpty: structOf(node.element, ELEMENT.logical)?.has(LOGICAL.unknown) === true,
    leaves: node.leaves,
    members: members.map((member, i) =>
      columnOf(member.name, member.type, children.length === members.length ? children[i] : undefined),
    ),
  };
}

/** Bytes of a UUID. */
const UUID_BYTES = 16;

/** Whether a column, or something inside, is 16 bytes of which the file does not say what they are. */
function hasUnknownBytes({ element, children }: SchemaNode): boolean {
  if (children.length > 0) return children.some(hasUnknownBytes);
  const isSixteen =
    intOf(element, ELEMENT.type) === PHYSICAL.fixed && intOf(element, ELEMENT.length) === UUID_BYTES;
  return isSixteen && !element.has(ELEMENT.converted) && !element.has(ELEMENT.logical);
}

/** Whether times are nanoseconds in the file. */
function isNanoseconds({ element }: SchemaNode): boolean {
  const logical = structOf(element, ELEMENT.logical);
  const timestamp = logical === null ? null : structOf(logical, LOGICAL.timestamp);
  const unit = timestamp === null ? null : structOf(timestamp, TIMESTAMP_UNIT);
  return unit?.has(NANOSECONDS) === true;
}

/** Whether times are of a type that is in UTC although DuckDB's has no zone. */
function isUtc({ element }: SchemaNode): boolean {
  const converted = intOf(element, ELEMENT.converted);
  const isOld = converted === CONVERTED.timestampMillis || converted === CONVERTED.timestampMicros;
  return intOf(element, ELEMENT.type) === PHYSICAL.int96 || (isOld && !element.has(ELEMENT.logical));
}

/** A struct of DuckDB with its fields. */
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
function splitOutside(text: string, at: string): string[] {
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

/** A name without the quotes of DuckDB. */
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
