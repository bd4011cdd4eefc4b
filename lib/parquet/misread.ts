import type { FileColumn } from './FileSchema.ts';
import { CONVERTED, ELEMENT, intOf, LOGICAL, type SchemaNode, structOf } from './format/schemaTree.ts';
import type { ThriftStruct } from './format/thriftCompact.ts';

/** `FieldRepetitionType` of a field that is a list of values. */
const REPEATED = 2;

/**
 * The most digits of DuckDB's decimals. It converts larger ones to doubles, incorrectly:
 * https://github.com/duckdb/duckdb/pull/25058
 */
const MAX_DIGITS = 38;

/** Field IDs of `DecimalType`. */
const DECIMAL = { scale: 1, precision: 2 } as const;

/** The size that a decimal declares. */
interface DecimalSize {
  /** All digits, those after the point included. */
  readonly digits: number;
  /** Digits after the point. */
  readonly scale: number;
}

/**
 * Why DuckDB misreads a column, or something inside it; null if it does not. DuckDB does not implement all rules of the
 * format: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 *
 * @param parent The group that holds the node; null for a column.
 */
export function whyMisread(node: SchemaNode, parent: SchemaNode | null = null): FileColumn['misread'] {
  if (isVariant(node)) return { found: 'VARIANT', needs: 'JSON as text' };
  if (isItem(node, parent))
    return {
      found: 'a list of groups as old writers made it',
      needs: 'a list with a level between it and its items',
    };
  const size = decimalOf(node);
  if (size !== null && isImpossible(size))
    return { found: typeOf(size), needs: 'a decimal of a possible size' };
  if (size !== null && size.digits > MAX_DIGITS)
    return { found: `DECIMAL(${size.digits})`, needs: `decimals of at most ${MAX_DIGITS} digits` };
  // DuckDB writes such a decimal as `.5`, which is not JSON, and has no larger type with a zero before the point.
  if (size !== null && size.scale === MAX_DIGITS)
    return { found: typeOf(size), needs: `decimals of fewer than ${MAX_DIGITS} digits behind the point` };
  const alike = namesAlike(node.children);
  if (alike !== null) return { found: alike, needs: 'members whose names differ in more than case' };
  for (const child of node.children) {
    const why = whyMisread(child, node);
    if (why !== null) return why;
  }
  return null;
}

/** Whether a group is a VARIANT. */
export function isVariant({ element }: SchemaNode): boolean {
  return structOf(element, ELEMENT.logical)?.has(LOGICAL.variant) === true;
}

/** Whether a repeated group of one field is itself the item of a list. DuckDB takes the field for the item. */
function isItem(node: SchemaNode, parent: SchemaNode | null): boolean {
  const { element, children, name } = node;
  const [only, ...others] = children;
  const isPlain = !element.has(ELEMENT.converted) && !element.has(ELEMENT.logical);
  if (only === undefined || others.length > 0 || !isRepeated(node) || !isPlain) return false;
  if (parent === null || !isList(parent)) return true;
  return isRepeated(only) || name === 'array' || name === `${parent.name}_tuple`;
}

/** Whether an element has many values. */
function isRepeated({ element }: SchemaNode): boolean {
  return intOf(element, ELEMENT.repetition) === REPEATED;
}

/** Whether an element is a list, by its old or its new type. */
function isList({ element }: SchemaNode): boolean {
  const logical = structOf(element, ELEMENT.logical);
  return intOf(element, ELEMENT.converted) === CONVERTED.list || logical?.has(LOGICAL.list) === true;
}

/**
 * The size of a decimal from the old annotation or the new one, NaN if they contradict each other; null for what is no
 * decimal.
 */
function decimalOf({ element, children }: SchemaNode): DecimalSize | null {
  const logical = structOf(element, ELEMENT.logical);
  const isLogical = logical?.has(LOGICAL.decimal) === true;
  const isConverted = intOf(element, ELEMENT.converted) === CONVERTED.decimal;
  if (children.length > 0 || (!isLogical && !isConverted)) return null;
  const decimal = logical === null ? null : structOf(logical, LOGICAL.decimal);
  const stated = decimal === null ? null : sizeOf(decimal, DECIMAL);
  const old = isConverted ? sizeOf(element, ELEMENT) : null;
  if (stated === null || old === null) return stated ?? old;
  const agree = stated.digits === old.digits && stated.scale === old.scale;
  return agree ? stated : { digits: Number.NaN, scale: Number.NaN };
}

/** The size in a struct, whose fields have these IDs. A field that is not there is 0. */
function sizeOf(
  fields: ThriftStruct,
  ids: { readonly precision: number; readonly scale: number },
): DecimalSize {
  return { digits: intOf(fields, ids.precision) ?? 0, scale: intOf(fields, ids.scale) ?? 0 };
}

/** Whether no decimal has so many digits and this scale. */
function isImpossible({ digits, scale }: DecimalSize): boolean {
  return !(digits >= 1 && scale >= 0 && scale <= digits);
}

/** The type in words. */
function typeOf({ digits, scale }: DecimalSize): string {
  return Number.isNaN(digits) ? 'DECIMAL of two sizes' : `DECIMAL(${digits},${scale})`;
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
