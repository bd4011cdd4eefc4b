import { callRules, castRules } from './callTypes.ts';
import {
  booleanRules,
  commonKind,
  isNode,
  nodesOf,
  type RulePlace,
  sameKindRule,
  sourceOffset,
  type TreeNode,
  type TypeRule,
  textMember,
  typeMismatch,
} from './TypeRule.ts';

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};

/** Maximum number of rows of VALUES that are checked. */
const MAX_CHECKED_ROWS = 200;

/** The rules for the operands of a node. */
export function typeRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const kind = textMember(node, 'class');
  if (kind === 'COMPARISON') return comparisonRules(node, place);
  if (kind === 'BETWEEN') return betweenRules(node, place);
  if (kind === 'CASE') return caseRules(node, place);
  if (kind === 'CONJUNCTION') {
    return nodesOf(node['children']).flatMap((child) =>
      booleanRules(child, place, 'Logical expression term'),
    );
  }
  if (kind === 'OPERATOR') return operatorRules(node, place);
  if (kind === 'FUNCTION' || kind === 'WINDOW') return callRules(node, place);
  if (kind === 'SUBQUERY') return subqueryRules(node, place);
  if (kind === 'CAST') return castRules([node['child']].filter(isNode), '', sourceOffset(node, place), place);
  return [];
}

/** The rules for the conditions of a `SELECT` or a join, each with its condition. */
export function conditionRules(node: TreeNode, place: RulePlace): readonly (readonly [TreeNode, TypeRule])[] {
  const clauses = [
    ['where_clause', 'WHERE clause'],
    ['having', 'HAVING clause'],
    ['condition', 'JOIN ON clause'],
  ] as const;
  return clauses.flatMap(([member, what]) => {
    const condition = node[member];
    if (!isNode(condition)) return [];
    return booleanRules(condition, place, what, 'clause').map((rule) => [condition, rule] as const);
  });
}

/** The rules for the rows of `VALUES`, which must have the types of the first row. */
export function valuesRules(node: TreeNode, place: RulePlace): readonly (readonly [TreeNode, TypeRule])[] {
  const rows = Array.isArray(node['values']) ? node['values'].map(nodesOf) : [];
  const [first = []] = rows;
  const offset = Math.max(0, sourceOffset(first[0], place));
  const values = place.list.tokens.findLast(({ start, value }) => start < offset && value === 'values');
  return rows.slice(1, MAX_CHECKED_ROWS).flatMap((row) => {
    const [cell] = row;
    const condition = first.map((_, index) => commonKind([index, first.length + index])).join(' AND ');
    if (cell === undefined || row.length !== first.length) return [];
    const rule: TypeRule = {
      operands: [...first, ...row],
      condition,
      toError: (types) =>
        typeMismatch(
          `Values rows have mismatched types: row(${types.slice(0, first.length).join(', ')}) vs row(${types.slice(first.length).join(', ')})`,
          values?.start ?? offset,
        ),
    };
    return [[cell, rule] as const];
  });
}

function comparisonRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const { left, right } = node;
  if (!isNode(left) || !isNode(right)) return [];
  const operands = [left, right];
  const offset = sourceOffset(node, place);
  const type = textMember(node, 'type');
  if (/DISTINCT_FROM$/.test(type))
    return [sameKindRule(operands, offset, (a, b) => `Cannot check if ${a} is distinct from ${b}`)];
  const symbol = COMPARISONS[type];
  // Skip comparisons that the translation added. `CASE x WHEN 1` is checked with its CASE.
  if (symbol === undefined || !Number.isSafeInteger(node['query_location'])) return [];
  return [sameKindRule(operands, offset, (a, b) => `Cannot apply operator: ${a} ${symbol} ${b}`)];
}

function betweenRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const { input, lower, upper } = node;
  if (!isNode(input) || !isNode(lower) || !isNode(upper)) return [];
  const { list } = place;
  const before = sourceOffset(lower, place);
  const at = list.tokens.findLastIndex(({ start, value }) => start < before && value === 'between');
  const start = list.offset(list.word(at - 1) === 'not' ? at - 1 : at);
  const toMessage = (a: string, b: string, c: string) => `Cannot check if ${a} is BETWEEN ${b} and ${c}`;
  return [sameKindRule([input, lower, upper], start, toMessage)];
}

/** Requires several expressions to have a common type. @param what E.g. `IN value and list items`. */
function sameTypeRule(what: string, all: readonly TreeNode[], place: RulePlace): TypeRule {
  const operands = distinctOperands(all);
  return {
    operands,
    condition: commonKind(operands.map((_, index) => index)),
    toError: (types) => {
      const kinds = types.map(kindOf);
      const at = kinds.findIndex(
        (kind) => kind !== 'unknown' && !kindsFit(kinds.find(isKnown) ?? kind, kind),
      );
      const first = types[kinds.findIndex(isKnown)];
      const known = [...new Set(types)];
      return typeMismatch(
        `${what} must be the same type or coercible to a common type. Cannot find common type between ${first} and ${types[at]}, all types (without duplicates): [${known.join(', ')}]`,
        sourceOffset(operands[at], place),
      );
    },
  };
}

/** Keeps one literal of each type, since a list may have thousands. */
function distinctOperands(operands: readonly TreeNode[]): TreeNode[] {
  const seen = new Set<string>();
  return operands.filter((operand) => {
    const { value } = operand;
    const type = operand['class'] === 'CONSTANT' && isNode(value) ? JSON.stringify(value['type']) : undefined;
    if (type === undefined || !seen.has(type)) return type === undefined || seen.add(type) !== undefined;
    return false;
  });
}

const isKnown = (kind: string) => kind !== 'unknown';

const kindOf = (type: string) =>
  /^(?:tinyint|smallint|integer|bigint|real|double|decimal)/.test(type)
    ? 'number'
    : (/^\w+/.exec(type)?.[0] ?? type);
const kindsFit = (one: string, other: string) =>
  one === other || [one, other].every((kind) => kind === 'date' || kind === 'timestamp');

function caseRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const checks = nodesOf(node['case_checks']);
  const conditions = checks.map((check) => check['when_expr']).filter(isNode);
  const results = [...checks.map((check) => check['then_expr']), node['else_expr']].filter(isNode);
  return [
    ...conditions.flatMap((when): readonly TypeRule[] => {
      const { left, right } = when;
      // `CASE x WHEN y` becomes x = y without an equals sign in the user's text.
      const simple = when['class'] === 'COMPARISON' && !Number.isSafeInteger(when['query_location']);
      if (!simple || !isNode(left) || !isNode(right)) return booleanRules(when, place, 'CASE WHEN clause');
      const toMessage = (a: string, b: string) =>
        `CASE operand type does not match WHEN clause operand type: ${a} vs ${b}`;
      return [sameKindRule([left, right], sourceOffset(right, place), toMessage)];
    }),
    sameTypeRule('All CASE results', results, place),
  ];
}

function operatorRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const children = nodesOf(node['children']);
  const [first] = children;
  if (first === undefined) return [];
  switch (textMember(node, 'type')) {
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN':
      return [sameTypeRule('IN value and list items', children, place)];
    case 'OPERATOR_COALESCE':
      return [sameTypeRule('All COALESCE operands', children, place)];
    case 'ARRAY_CONSTRUCTOR':
      return [sameTypeRule('All ARRAY elements', children, place)];
    case 'OPERATOR_NOT':
      return booleanRules(first, place, 'Value of logical NOT expression');
    default:
      return [];
  }
}

function subqueryRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const { child } = node;
  if (textMember(node, 'subquery_type') !== 'ANY' || !isNode(child)) return [];
  const offset = sourceOffset(node, place);
  const column = nodesOf(isNode(node['subquery']) ? firstSelect(node['subquery'])['select_list'] : [])[0];
  const names = column?.['column_names'];
  const name =
    column === undefined
      ? ''
      : textMember(column, 'alias') || (Array.isArray(names) ? String(names.at(-1) ?? '') : '');
  const operands = [child, { ...node, subquery_type: 'SCALAR', child: null, comparison_type: 'INVALID' }];
  const toMessage = (a: string, b: string) =>
    `Value expression and result of subquery must be of the same type: row(${a}) vs row(${name === '' ? '' : `${name} `}${b})`;
  return [sameKindRule(operands, offset, toMessage)];
}

function firstSelect(tree: TreeNode): TreeNode {
  const { node, left } = tree;
  if (isNode(node)) return firstSelect(node);
  if (isNode(left)) return firstSelect(left);
  return tree;
}

/** Two queries whose columns must have common types, or two tables that are joined by a column name. */
export interface ColumnPair {
  /** `UNION`, `INTERSECT` or `EXCEPT`, or the column name of a join. */
  readonly of: { readonly setOperation: string } | { readonly using: string };
  readonly left: TreeNode;
  readonly right: TreeNode;
}

/** The rule for one column of two queries, each given as a subquery of that column. */
export function columnRule(
  { of, left, right }: ColumnPair,
  index: number,
  operands: readonly TreeNode[],
  place: RulePlace,
): TypeRule {
  const { tokens } = place.list;
  const before = sourceOffset(right, place);
  return {
    operands,
    literals: [left, right].map((side) => nodesOf(firstSelect(side)['select_list'])[index]),
    condition: commonKind([0, 1]),
    toError: ([a, b]) => {
      if ('using' in of) {
        const using = tokens.findIndex(({ start, value }) => start > before && value === 'using');
        const at = tokens.slice(using).find(({ value }) => value.toLowerCase() === of.using.toLowerCase());
        return typeMismatch(`Cannot apply operator: ${a} = ${b}`, at?.start ?? before);
      }
      const at = tokens.findLast(
        ({ start, value }) => start < before && value === of.setOperation.toLowerCase(),
      );
      return typeMismatch(
        `column ${index + 1} in ${of.setOperation} query has incompatible types: ${a}, ${b}`,
        at?.start ?? before,
      );
    },
  };
}
