import type { TokenList } from '../translate/tokens.ts';

/** A node of DuckDB's syntax tree, as `json_serialize_sql` writes it. */
export type TreeNode = { readonly [member: string]: Tree };

/** Any part of a syntax tree. */
export type Tree = TreeNode | readonly Tree[] | string | number | boolean | null;

/** Where a part of the user's statement stands in DuckDB's text and in the user's own. */
export interface RulePlace {
  readonly list: TokenList;
  /** The character of the user's text behind a node's `query_location`. */
  offsetOf(location: number): number;
}

/** What Trino asks of the types of a few expressions. */
export interface TypeRule {
  /** The expressions: {@link condition} calls their kinds `k0`, `k1`, … */
  readonly operands: readonly TreeNode[];
  /** Expressions whose literals tell the length of a text, where the operands don't. */
  readonly written?: readonly (TreeNode | undefined)[];
  /** What to bind together with the check instead of the node itself: of an aggregate its argument. */
  readonly at?: TreeNode | undefined;
  /** SQL that is true for types that Trino takes. */
  readonly condition: string;
  /** Trino's error for types that it refuses, given their names, and where in the user's text it is. */
  refusal(types: readonly string[]): {
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

/** Operands of which each is compared with each; of more, each with the first and the one before it. */
const MAX_ALL_PAIRS = 6;

/** SQL that is true when the kinds of operands have a common type. */
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

export const kindIsOneOf = (index: number, ...kinds: readonly string[]) =>
  `k${index} IN (${['null', 'other', ...kinds].map((kind) => `'${kind}'`).join(', ')})`;

/** Whether a node stands for SQL in which its arguments occur many times: see `macros/`. */
export function isMacro(node: TreeNode): boolean {
  return (
    node['class'] === 'FUNCTION' && /^(?:trino_.*|[-/%]|timezone)$/.test(textMember(node, 'function_name'))
  );
}

export function typeMismatch(message: string, offset: number) {
  return { code: 'TYPE_MISMATCH', message, offset };
}

/** Where a node begins in the user's text, or the first thing in it that has a place. */
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

/** That an expression is a condition. @param actual How the error tells the type: Trino's words differ. */
export function booleanRules(
  node: Tree | undefined,
  place: RulePlace,
  what: string,
  actual: 'clause' | 'expression' = 'expression',
): readonly TypeRule[] {
  if (!isNode(node) || isCondition(node)) return [];
  return [
    {
      operands: [node],
      condition: kindIsOneOf(0, 'boolean'),
      refusal: ([type]) =>
        typeMismatch(
          `${what} must evaluate to a boolean${actual === 'clause' ? `: actual type ${type}` : ` (actual: ${type})`}`,
          sourceOffset(node, place),
        ),
    },
  ];
}

/** Whether an expression can be nothing else. */
function isCondition(node: TreeNode): boolean {
  const kind = textMember(node, 'class');
  const type = textMember(node, 'type');
  if (kind === 'OPERATOR') return /^(?:OPERATOR_(?:NOT|IS_NULL|IS_NOT_NULL)|COMPARE_(?:NOT_)?IN)$/.test(type);
  if (kind === 'SUBQUERY') return textMember(node, 'subquery_type') !== 'SCALAR';
  return /^(?:COMPARISON|CONJUNCTION|BETWEEN)$/.test(kind);
}
