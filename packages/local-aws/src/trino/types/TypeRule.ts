import type { TokenList } from '../translate/tokens.ts';

/** A node of DuckDB's syntax tree, in the format of `json_serialize_sql`. */
export type TreeNode = { readonly [member: string]: Tree };

/** Any part of a syntax tree. */
export type Tree = TreeNode | readonly Tree[] | string | number | boolean | null;

/** Maps positions in DuckDB's text to the user's statement. */
export interface RulePlace {
  readonly list: TokenList;
  /** Converts a node's `query_location` to an offset in the user's text. */
  offsetOf(location: number): number;
}

/** Trino's requirement on the types of some expressions. */
export interface TypeRule {
  /** The expressions. Their kinds are `k0`, `k1`, … in {@link condition}. */
  readonly operands: readonly TreeNode[];
  /** Expressions whose literals show the length of a string when the operands do not. */
  readonly literals?: readonly (TreeNode | undefined)[];
  /** The node that the check is attached to instead of the node itself: for an aggregate, its argument. */
  readonly at?: TreeNode | undefined;
  /** SQL that is true for types that Trino accepts. `w0`, … are whether they are whole numbers, `m0`, … the kinds of maps' keys. */
  readonly condition: string;
  /** Trino's error for the names of rejected types, with its offset in the user's text. */
  toError(types: readonly string[]): {
    readonly code: string;
    readonly message: string;
    readonly offset: number;
  };
}

export const isNode = (tree: Tree | undefined): tree is TreeNode =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree);

export const nodesOf = (tree: Tree | undefined): readonly TreeNode[] =>
  Array.isArray(tree) ? tree.filter(isNode) : [];

export const textMember = (node: TreeNode, member: string): string => {
  const value = node[member];
  return typeof value === 'string' ? value : '';
};

/** Up to this number of operands, each is compared with each; otherwise with the first and the previous one. */
const MAX_ALL_PAIRS = 6;

/** SQL that is true when the operands have a common type. */
export function commonKind(indexes: readonly number[]): string {
  const isPaired = (left: number, right: number) =>
    indexes.length <= MAX_ALL_PAIRS || left === 0 || left === right - 1;
  const pairs = indexes.flatMap((right, position) =>
    indexes
      .slice(0, position)
      .filter((_, left) => isPaired(left, position))
      .map((left) => `trino_kinds_fit(k${left}, k${right})`),
  );
  return pairs.join(' AND ') || 'true';
}

/** Requires expressions to have a common type. @param toMessage Trino's message, from the names of their types. */
export const sameKindRule = (
  operands: readonly TreeNode[],
  offset: number,
  toMessage: (...types: readonly string[]) => string,
): TypeRule => ({
  operands,
  condition: commonKind(operands.map((_, index) => index)),
  toError: (types) => typeMismatch(toMessage(...types), offset),
});

/** Requires an expression to be of one of some kinds. @param toMessage Trino's message, from the name of its type. */
export const kindRule = (
  operand: TreeNode,
  kinds: readonly string[],
  offset: number,
  toMessage: (type: string) => string,
): TypeRule => ({
  operands: [operand],
  condition: kindIsOneOf(0, ...kinds),
  toError: ([type = '']) => typeMismatch(toMessage(type), offset),
});

const kindIsOneOf = (index: number, ...kinds: readonly string[]) =>
  `k${index} IN (${['null', 'other', ...kinds].map((kind) => `'${kind}'`).join(', ')})`;

/** Whether a node is a macro, whose expansion repeats its arguments: see `macros/`. */
export function isMacro(node: TreeNode): boolean {
  return (
    node['class'] === 'FUNCTION' && /^(?:trino_.*|[-/%]|timezone)$/.test(textMember(node, 'function_name'))
  );
}

export function typeMismatch(message: string, offset: number) {
  return { code: 'TYPE_MISMATCH', message, offset };
}

/** The offset of a node in the user's text, or of its first descendant that has a position. */
export function sourceOffset(node: Tree | undefined, place: RulePlace): number {
  const location = locationOf(node);
  return location === undefined ? 0 : place.offsetOf(location);
}

function locationOf(tree: Tree | undefined): number | undefined {
  if (Array.isArray(tree)) {
    for (const item of tree) {
      const found = locationOf(item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isNode(tree)) return undefined;
  const location = tree['query_location'];
  if (typeof location === 'number' && Number.isSafeInteger(location)) return location;
  return locationOf(Object.values(tree).filter((value) => typeof value === 'object'));
}

/** Requires an expression to be boolean. @param actual Selects Trino's wording of the type. */
export function booleanRules(
  node: Tree | undefined,
  place: RulePlace,
  what: string,
  actual: 'clause' | 'expression' = 'expression',
): readonly TypeRule[] {
  if (!isNode(node) || isCondition(node)) return [];
  const found = (type: string) => (actual === 'clause' ? `: actual type ${type}` : ` (actual: ${type})`);
  const toMessage = (type: string) => `${what} must evaluate to a boolean${found(type)}`;
  return [kindRule(node, ['boolean'], sourceOffset(node, place), toMessage)];
}

/** Whether an expression is always boolean. */
function isCondition(node: TreeNode): boolean {
  const kind = textMember(node, 'class');
  const type = textMember(node, 'type');
  if (kind === 'OPERATOR') return /^(?:OPERATOR_(?:NOT|IS_NULL|IS_NOT_NULL)|COMPARE_(?:NOT_)?IN)$/.test(type);
  if (kind === 'SUBQUERY') return textMember(node, 'subquery_type') !== 'SCALAR';
  return /^(?:COMPARISON|CONJUNCTION|BETWEEN)$/.test(kind);
}
