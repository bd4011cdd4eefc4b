import {
  CONVERTED,
  ELEMENT,
  intOf,
  LOGICAL,
  PHYSICAL,
  REPETITION,
  type SchemaNode,
  structOf,
} from '../../parquet/parquetFooter.ts';
import { intField, THRIFT, type ThriftStruct, textField, writeStruct } from '../../parquet/thriftCompact.ts';

/** The most digits of DuckDB's decimals. */
export const MOST_DIGITS = 38;

/** The declared size of a decimal. */
export interface DecimalSize {
  readonly digits: number;
  /** Digits after the point. */
  readonly scale: number;
}

/** By physical type: decimals of fewer digits than `below` are read as if they had `digits`. */
const WIDENED: ReadonlyMap<number, { readonly below: number; readonly digits: number }> = new Map([
  // DuckDB holds up to 4 digits in 16 bits and up to 9 in 32, and drops the other bits of a larger number.
  [PHYSICAL.int32, { below: 5, digits: 9 }],
  [PHYSICAL.int64, { below: 10, digits: 18 }],
]);

/**
 * The elements of a schema, changed so that DuckDB reads them as the format specifies; null if no change is needed. DuckDB
 * does not implement all compatibility rules, fails on invalid annotations, and trusts the size of a decimal:
 * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 *
 * - If a group of one field is itself the element of a list, the list gets the level that older writers left out.
 * - A map with the old annotation gets the new one. A map without values becomes a list of its keys.
 * - VARIANT and impossible decimals lose their annotation. They are never mapped, only skipped.
 * - Short decimals get as many digits as their physical type holds, so that numbers with too many digits are found.
 *
 * No value is changed: only required groups are added.
 */
export function readableElements(root: SchemaNode): readonly ThriftStruct[] | null {
  const elements: ThriftStruct[] = [root.element];
  for (const column of root.children) addReadable(column, null, elements);
  // Most schemas need no change, so their elements are the same objects.
  const own: ThriftStruct[] = [];
  addOwn(root, own);
  return elements.length === own.length && elements.every((element, i) => element === own[i])
    ? null
    : elements;
}

function addOwn({ element, children }: SchemaNode, elements: ThriftStruct[]): void {
  elements.push(element);
  for (const child of children) addOwn(child, elements);
}

/** @param list The group of a list or a map, if the node holds its entries. */
function addReadable(node: SchemaNode, list: SchemaNode | null, elements: ThriftStruct[]): void {
  const element = readableElement(node, list);
  if (isElementItself(node, list)) {
    // A repeated group without a list annotation also becomes the group of a list.
    const outer = [...annotated(CONVERTED.list, LOGICAL.list), ...group(REPETITION.required, 1)];
    if (list === null) elements.push(new Map([...element, ...outer]));
    elements.push(new Map([[ELEMENT.name, textField('list')], ...group(REPETITION.repeated, 1)]));
    elements.push(new Map([[ELEMENT.name, textField('element')], ...group(REPETITION.required, 1)]));
  } else elements.push(element);
  for (const child of node.children) addReadable(child, holdsEntries(node, list) ? node : null, elements);
}

function readableElement(node: SchemaNode, list: SchemaNode | null): ThriftStruct {
  const { element, children } = node;
  const size = decimalOf(node);
  if (isVariant(node) || isImpossible(size)) {
    const changed = new Map(element);
    for (const id of [ELEMENT.converted, ELEMENT.logical, ELEMENT.scale, ELEMENT.precision])
      changed.delete(id);
    return changed;
  }
  if (size !== null) {
    const { below = 0, digits = 0 } = WIDENED.get(intOf(element, ELEMENT.type) ?? -1) ?? {};
    return size.digits < below ? new Map([...element, ...decimalFields({ ...size, digits })]) : element;
  }
  if (annotationOf(node) !== 'map' || !holdsEntries(node, list)) return element;
  if (children[0]?.children.length === 1) {
    return new Map([...element, ...annotated(CONVERTED.list, LOGICAL.list)]);
  }
  const isOld = intOf(element, ELEMENT.converted) === CONVERTED.mapKeyValue;
  return isOld ? new Map([...element, ...annotated(CONVERTED.map, LOGICAL.map)]) : element;
}

/** Whether the only child of a group holds the entries of a list or a map. The entries of a map may be annotated as a map too. */
function holdsEntries(node: SchemaNode, list: SchemaNode | null): boolean {
  const [only, ...others] = node.children;
  const annotation = annotationOf(node);
  const isEntries = list !== null && annotation === 'map' && annotationOf(list) === 'map';
  return annotation !== null && !isEntries && only !== undefined && others.length === 0 && isRepeated(only);
}

/**
 * Whether a repeated group of one field is itself the element of a list.
 *
 * @param list The group of the list or map whose entries it holds; null for a repeated group without a list annotation.
 */
function isElementItself(node: SchemaNode, list: SchemaNode | null): boolean {
  const [only, ...others] = node.children;
  if (only === undefined || others.length > 0 || !isRepeated(node) || annotationOf(node) !== null)
    return false;
  if (list === null) return true;
  if (annotationOf(list) !== 'list') return false;
  return isRepeated(only) || node.name === 'array' || node.name === `${list.name}_tuple`;
}

function isRepeated({ element }: SchemaNode): boolean {
  return intOf(element, ELEMENT.repetition) === REPETITION.repeated;
}

/** Whether a group is annotated as a list or a map. */
function annotationOf({ element }: SchemaNode): 'list' | 'map' | null {
  const converted = intOf(element, ELEMENT.converted);
  const logical = structOf(element, ELEMENT.logical);
  if (converted === CONVERTED.list || logical?.has(LOGICAL.list) === true) return 'list';
  const isMap =
    converted === CONVERTED.map || converted === CONVERTED.mapKeyValue || logical?.has(LOGICAL.map) === true;
  return isMap ? 'map' : null;
}

/** Whether a group is a VARIANT, which DuckDB misreads or fails on. */
export function isVariant({ element }: SchemaNode): boolean {
  return structOf(element, ELEMENT.logical)?.has(LOGICAL.variant) === true;
}

/** The size of a decimal from the old annotation or the new one; NaN if they contradict each other. */
export function decimalOf({ element, children }: SchemaNode): DecimalSize | null {
  const logical = structOf(element, ELEMENT.logical);
  const isLogical = logical?.has(LOGICAL.decimal) === true;
  const isConverted = intOf(element, ELEMENT.converted) === CONVERTED.decimal;
  if (children.length > 0 || (!isLogical && !isConverted)) return null;
  const said = isLogical && logical !== null ? structOf(logical, LOGICAL.decimal) : null;
  const sizes = [
    ...(said === null ? [] : [{ digits: intOf(said, 2) ?? 0, scale: intOf(said, 1) ?? 0 }]),
    ...(isConverted
      ? [{ digits: intOf(element, ELEMENT.precision) ?? 0, scale: intOf(element, ELEMENT.scale) ?? 0 }]
      : []),
  ];
  const [first, second = first] = sizes;
  if (first === undefined || second === undefined) return null;
  const agree = first.digits === second.digits && first.scale === second.scale;
  return agree ? first : { digits: Number.NaN, scale: Number.NaN };
}

/** Whether the size of a decimal is invalid. */
export function isImpossible(size: DecimalSize | null): boolean {
  return size !== null && !(size.digits >= 1 && size.scale >= 0 && size.scale <= size.digits);
}

function annotated(converted: number, logical: number) {
  return [
    [ELEMENT.converted, intField(converted)],
    [ELEMENT.logical, union(logical, new Map())],
  ] as const;
}

function group(repetition: number, children: number) {
  return [
    [ELEMENT.repetition, intField(repetition)],
    [ELEMENT.children, intField(children)],
  ] as const;
}

function decimalFields({ digits, scale }: DecimalSize) {
  const size = new Map([
    [1, intField(scale)],
    [2, intField(digits)],
  ]);
  return [
    [ELEMENT.converted, intField(CONVERTED.decimal)],
    [ELEMENT.scale, intField(scale)],
    [ELEMENT.precision, intField(digits)],
    [ELEMENT.logical, union(LOGICAL.decimal, size)],
  ] as const;
}

function union(member: number, fields: ThriftStruct) {
  const inner = { type: THRIFT.struct, bytes: writeStruct(fields) };
  return { type: THRIFT.struct, bytes: writeStruct(new Map([[member, inner]])) };
}
