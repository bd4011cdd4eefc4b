import type { TokenList } from '../translate/tokens.ts';
import { expectedCalls, signatureCondition } from './signatures.ts';
import {
  booleanRules,
  isMacro,
  isNode,
  kindRule,
  nodesOf,
  type RulePlace,
  sameKindRule,
  sourceOffset,
  type TreeNode,
  type TypeRule,
  textMember,
  typeMismatch,
} from './TypeRule.ts';

/** The pairs of kinds that arithmetic operators accept. */
const ARITHMETIC: Readonly<Record<string, readonly string[]>> = {
  '+': [
    'number number',
    'interval interval',
    ...['date', 'timestamp', 'time'].flatMap((kind) => [`${kind} interval`, `interval ${kind}`]),
  ],
  '-': [
    'number number',
    'interval interval',
    'date date',
    'date timestamp',
    'timestamp date',
    'timestamp timestamp',
    'time time',
    'date interval',
    'timestamp interval',
    'time interval',
  ],
  '*': ['number number', 'interval number', 'number interval'],
  '/': ['number number', 'interval number'],
  '%': ['number number'],
};

export function callRules(node: TreeNode, place: RulePlace): readonly TypeRule[] {
  const { filter } = node;
  const conditions = booleanRules(filter, place, 'Filter expression');
  const children = [...nodesOf(node['children']), node['offset_expr'], node['default_expr']].filter(isNode);
  const name = textMember(node, 'function_name');
  const offset = sourceOffset(node, place);
  if (node['is_operator'] === true || /like_escape$/.test(name))
    return [...conditions, ...operatorSymbolRules(name, children, offset, place)];
  if (/^trino_subscript/.test(name)) return [...conditions, ...subscriptRules(children, offset)];
  if (name === 'timezone') return [...conditions, ...zoneRules(children, place)];
  if (name === 'trino_if') return [...conditions, ...ifRules(children, offset, place)];
  if (name === 'nullif') {
    return [
      ...conditions,
      sameKindRule(children, offset, (a, b) => `Types are not comparable with NULLIF: ${a} vs ${b}`),
    ];
  }
  return [
    ...conditions,
    ...functionRules(children, offset, place, isMacro(node)),
    ...extractRules(children, offset, place),
    ...castRules(children, name, offset, place),
  ];
}

/** A rule that `a - b` of two dates fails: DuckDB's result is a number of days, Trino's an interval. */
export function dateDifferenceRule(node: TreeNode, place: RulePlace): TypeRule | undefined {
  const operands = nodesOf(node['children']);
  if (textMember(node, 'function_name') !== '-' || operands.length !== 2) return undefined;
  const offset = sourceOffset(node, place);
  return {
    operands,
    condition: "NOT (k0 = 'date' AND k1 = 'date')",
    toError: () => ({ code: 'NOT_SUPPORTED', message: 'The difference of two dates', offset }),
  };
}

function operatorSymbolRules(
  name: string,
  children: readonly TreeNode[],
  offset: number,
  place: RulePlace,
): readonly TypeRule[] {
  const [first, second] = children;
  if (first === undefined) return [];
  if (second === undefined) {
    if (name !== '-') return [];
    return [kindRule(first, ['number', 'interval'], offset, (type) => `Cannot negate ${type}`)];
  }
  if (/^!?~~$|like_escape$/.test(name)) {
    const text = (node: TreeNode, what: string) =>
      kindRule(
        node,
        ['text'],
        sourceOffset(node, place),
        (type) => `${what} LIKE expression must evaluate to a varchar (actual: ${type})`,
      );
    return [text(first, 'Left side of'), text(second, 'Pattern for')];
  }
  const unknown = "k0 IN ('null', 'other') OR k1 IN ('null', 'other')";
  if (name === '||') {
    return [
      {
        operands: [first, second],
        condition: `${unknown} OR 'array' IN (k0, k1) OR (k0 = k1 AND k0 IN ('text', 'binary'))`,
        toError: (types) => unexpectedParameters('concat', types, offset),
      },
    ];
  }
  const accepted = ARITHMETIC[name];
  if (accepted === undefined) return [];
  return [
    {
      operands: [first, second],
      condition: `${unknown} OR (k0 || ' ' || k1) IN (${accepted.map((pair) => `'${pair}'`).join(', ')})`,
      toError: ([a, b]) => typeMismatch(`Cannot apply operator: ${a} ${name} ${b}`, offset),
    },
  ];
}

/** Rules for `x[i]`. */
function subscriptRules([base, index]: readonly TreeNode[], offset: number): readonly TypeRule[] {
  if (base === undefined || index === undefined) return [];
  return [
    {
      operands: [base, index],
      condition:
        "k0 IN ('row', 'null', 'other') OR (k0 = 'array' AND w1) OR (k0 = 'map' AND trino_kinds_fit(m0, k1))",
      toError: ([of, type]) => typeMismatch(`Cannot use ${type} for subscript of ${of}`, offset),
    },
  ];
}

function zoneRules([, value]: readonly TreeNode[], place: RulePlace): readonly TypeRule[] {
  if (value === undefined) return [];
  const toMessage = (type: string) =>
    `Type of value must be a time or timestamp with or without time zone (actual ${type})`;
  return [kindRule(value, ['timestamp', 'time'], sourceOffset(value, place), toMessage)];
}

function ifRules(
  [condition, ...results]: readonly TreeNode[],
  offset: number,
  place: RulePlace,
): readonly TypeRule[] {
  if (condition === undefined) return [];
  return [
    ...booleanRules(condition, place, 'IF condition'),
    sameKindRule(results, offset, (a, b) => `Result types for IF must be the same: ${a} vs ${b}`),
  ];
}

/** Rules for `extract(hour FROM x)`, which becomes a function with the field's name. */
function extractRules([value]: readonly TreeNode[], offset: number, place: RulePlace): readonly TypeRule[] {
  const { list } = place;
  const index = list.tokens.findIndex(({ start }) => start === offset);
  const field = list.word(index + 2) ?? '';
  if (value === undefined || list.word(index) !== 'extract') return [];
  const kinds = /^(?:hour|minute|second)$/.test(field) ? ['time', 'interval'] : ['date', 'interval'];
  const toMessage = (type: string) => `Cannot extract ${field.toUpperCase()} from ${type}`;
  return [kindRule(value, ['timestamp', ...kinds], sourceOffset(value, place), toMessage)];
}

const SCALARS = ['boolean', 'number', 'text', 'json'];

/** The kinds that Trino casts to each type, by the type's first word. Determined by running each pair in Trino. */
const CASTABLE_KINDS: Readonly<Record<string, readonly string[]>> = {
  boolean: SCALARS,
  tinyint: SCALARS,
  smallint: SCALARS,
  integer: SCALARS,
  int: SCALARS,
  bigint: SCALARS,
  real: SCALARS,
  double: SCALARS,
  decimal: SCALARS,
  varchar: [...SCALARS, 'date', 'timestamp', 'time', 'interval', 'uuid'],
  date: ['text', 'date', 'timestamp'],
  timestamp: ['text', 'date', 'timestamp', 'time'],
  time: ['text', 'timestamp', 'time'],
  varbinary: ['text', 'binary', 'uuid'],
  uuid: ['text', 'binary', 'uuid'],
  json: [...SCALARS, 'date', 'timestamp', 'array', 'map', 'row'],
  array: ['json', 'array'],
  map: ['json', 'map'],
  row: ['json', 'row'],
};

/** Rules for a cast in the user's text. @param name The name of DuckDB's function; empty for a cast. */
export function castRules(
  [value]: readonly TreeNode[],
  name: string,
  offset: number,
  place: RulePlace,
): readonly TypeRule[] {
  const { list } = place;
  const index = castIndex(list, name, offset);
  if (value === undefined || index === undefined) return [];
  const close = list.closeOf(index + 1);
  // The last AS within the parentheses: a type contains none.
  let as = close - 1;
  while (as > index && list.word(as) !== 'as') as -= 1;
  const accepted = CASTABLE_KINDS[list.word(as + 1) ?? ''];
  if (accepted === undefined) return [];
  const written = list
    .text(as + 1, close)
    .toLowerCase()
    .replaceAll(/,\s+/g, ',');
  const type = written.replace(/^int$/, 'integer').replace(/^timestamp(?!\s*\()/, 'timestamp(3)');
  return [kindRule(value, accepted, list.offset(index), (from) => `Cannot cast ${from} to ${type}`)];
}

/** The index of the user's cast that a node translates. See `castCall` for the text before the value. */
function castIndex(list: TokenList, name: string, offset: number): number | undefined {
  const before = /decimal_text$/.test(name)
    ? ['CAST(', 'TRY_CAST(']
    : name === 'trino_row_json'
      ? ['list_transform([', 'TRY(list_transform([']
      : name === 'trino_to_varchar'
        ? ['', 'left(']
        : /^(?:$|trino_(?:try_)?cast_|trino_to_json$)/.test(name)
          ? ['']
          : [];
  for (const text of before) {
    const index = list.tokens.findIndex(({ start }) => start === offset - text.length);
    const word = list.word(index) ?? '';
    const isWritten = text.endsWith('CAST(')
      ? text === `${word.toUpperCase()}(`
      : /^(?:try_)?cast$/.test(word);
    if (isWritten && list.symbol(index + 1) === '(') return index;
  }
  return undefined;
}

const unexpectedParameters = (name: string, types: readonly string[], offset: number) => ({
  code: 'FUNCTION_NOT_FOUND',
  message: `Unexpected parameters (${types.join(', ')}) for function ${name}. Expected: ${expectedCalls(name)}`,
  offset,
});

/** The token range of a call's first argument. @param index The index of the function's name. */
function firstArgument(list: TokenList, index: number): readonly [from: number, to: number] {
  const [first] = list.split(index + 2, list.closeOf(index + 1));
  return [first?.from ?? 0, first?.to ?? 0];
}

function listaggRules([value]: readonly TreeNode[], written: string, offset: number): readonly TypeRule[] {
  if (value === undefined) return [];
  const toMessage = (type: string) => `Expected expression of varchar, but '${written}' has ${type} type`;
  return [{ ...kindRule(value, ['text'], offset, toMessage), at: value }];
}

/** Rules from a function's signatures, for calls with the same arguments in the user's text and in DuckDB's. */
function functionRules(
  children: readonly TreeNode[],
  offset: number,
  { list }: RulePlace,
  isMacro: boolean,
): readonly TypeRule[] {
  const index = list.tokens.findIndex(({ start }) => start === offset);
  const name = list.at(index)?.value.toLowerCase() ?? '';
  if (list.symbol(index + 1) !== '(') return [];
  if (name === 'listagg') return listaggRules(children, list.text(...firstArgument(list, index)), offset);
  const argumentCount = list.split(index + 2, list.closeOf(index + 1)).length;
  if (argumentCount !== children.length || argumentCount === 0) return [];
  const condition = signatureCondition(name, argumentCount);
  if (condition === undefined) return [];
  return [
    {
      operands: children,
      at: isMacro ? undefined : children[0],
      condition,
      toError: (types) => unexpectedParameters(name, types, offset),
    },
  ];
}
