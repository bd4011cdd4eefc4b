import { parseJson } from '../../../base/json.ts';
import { quoteText } from '../../../base/sql.ts';
import {
  type ColumnPair,
  columnRule,
  conditionRules,
  dateDifferenceRule,
  isMacro,
  isNode,
  nodesOf,
  type RulePlace,
  type TokenList,
  type Translation,
  type Tree,
  type TreeNode,
  type TypeRule,
  textMember,
  typeRules,
  valuesRules,
} from '../../../trino/index.ts';
import { CATALOG, type Session } from '../Session.ts';
import { type StatementError, statementError } from '../StatementError.ts';

/** A query to check. */
export interface TypedQuery {
  readonly translation: Translation;
  /** The tokens of the user's query. */
  readonly list: TokenList;
  /** The whole statement, and the offset of the query in it. */
  readonly place: { readonly sql: string; readonly shift: number };
  /** The database of unqualified names. */
  readonly database: string | undefined;
  /** Trino's type names by column name, for names that have one type in the statement. */
  readonly columnTypes: ReadonlyMap<string, string>;
}

/** A rule, and whether its expressions are within a lambda. */
interface Check {
  readonly rule: TypeRule;
  readonly inLambda: boolean;
}

/** The context of a node. */
interface CheckScope {
  /** The named subqueries (CTEs) that are visible to it. */
  readonly ctes: readonly Tree[];
  readonly inLambda: boolean;
  /** Grouping expressions, as JSON. They must not be changed. */
  readonly grouped: ReadonlySet<string>;
  /** The SELECT that checks are attached to instead of the node. */
  readonly attachTo: TreeNode | undefined;
}

/** The rules without duplicates, and the nodes that they are attached to. */
interface Checks {
  readonly rules: readonly Check[];
  /** Indexes of rules. */
  readonly byNode: ReadonlyMap<TreeNode, readonly number[]>;
}

/** A pair of queries with the named subqueries that are visible to them. */
type ScopedPair = ColumnPair & { readonly ctes: readonly Tree[] };

/** Maximum number of bind attempts to find the expressions that cannot be checked. */
const MAX_BIND_ATTEMPTS = 40;

/** Trino's names of types that have a different name in DuckDB. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  '"null"': 'unknown',
  blob: 'varbinary',
  float: 'real',
  hugeint: 'bigint',
  ubigint: 'bigint',
  interval: 'interval day to second',
  timestamp: 'timestamp(3)',
  'timestamp with time zone': 'timestamp(3) with time zone',
};

/**
 * Characters of the longest query that is checked. The time grows with the square of the length, as each check binds what
 * it is part of again.
 */
const MOST_CHECKED_CHARACTERS = 4_096;
/** The same with lambdas: a check within a lambda repeats its operands, with the lambdas in them, several times. */
const MOST_WITH_LAMBDAS = 1_024;

const MARK = 'type check';
const MARKED = new RegExp(`"${MARK}\\|(\\d+)\\|(.*?)" in struct`, 's');

/**
 * Rejects type combinations that DuckDB accepts and Trino does not: a string compared with a number, CASE with
 * results of different types, a number where a function takes a string.
 *
 * DuckDB's binder determines the types. Each expression is bound together with a check: an access to a row's only
 * field `ok`, or, for wrong types, to a field whose name contains the types. DuckDB's error message then contains
 * them. Expressions that cannot be bound in this way are not rejected.
 *
 * @returns The query's syntax tree with qualified table names; undefined when DuckDB cannot serialize it.
 * @throws StatementError `TYPE_MISMATCH` or `FUNCTION_NOT_FOUND`, in Trino's words.
 */
export async function checkTypes(session: Session, query: TypedQuery): Promise<TreeNode | undefined> {
  const { translation, list } = query;
  const parsed = await parseTree(session, translation.sql);
  if (parsed === undefined) return undefined;
  const root = qualifyTables(parsed, query.database, new Set());
  // Its values are strings here and JSON in Trino.
  if (list.tokens.some(({ kind, value }) => kind === 'word' && value === 'json_array_get')) return root;
  if (translation.sql.length > mostChecked(list)) return root;
  const place = rulePlace(translation, list);
  const { checks, pairs } = collectChecks(root, ownRules(place));
  const failed = await findFailed(session, root, checks);
  if (failed !== undefined) throw typeError(failed, query);
  for (const pair of pairs) {
    const alone = await pairChecks(session, pair, place);
    const unequal = alone && (await findFailed(session, alone.root, alone.checks));
    if (unequal !== undefined) throw typeError(unequal, query);
  }
  return root;
}

/**
 * Finds the operators of `a - b` between two dates, whose difference is an interval: see `TranslateOptions.dateDifferences`.
 *
 * @param known The offsets of those that are found already.
 * @param translate Translates the query with those that are found.
 * @returns The offsets of the operators. Those known alone, for a query that is not checked.
 */
export async function findDateDifferences(
  session: Session,
  query: Pick<TypedQuery, 'list' | 'database'>,
  known: ReadonlySet<number>,
  translate: (dateDifferences: ReadonlySet<number>) => Translation,
): Promise<ReadonlySet<number>> {
  const found = new Set(known);
  const { list } = query;
  const mayBe = [...list.tokens.keys()].some(
    (index) =>
      list.symbol(index) === '-' &&
      list.word(index + 1) !== 'interval' &&
      ![index - 1, index + 1].some((side) => list.at(side)?.kind === 'number'),
  );
  if (!mayBe || translate(new Set()).sql.length > mostChecked(list)) return found;
  for (;;) {
    const translation = translate(found);
    const parsed = await parseTree(session, translation.sql);
    if (parsed === undefined) return found;
    const root = qualifyTables(parsed, query.database, new Set());
    const place = rulePlace(translation, list);
    const { checks } = collectChecks(root, (node) => {
      const rule = dateDifferenceRule(node, place);
      return rule === undefined ? [] : [[node, rule]];
    });
    const failed = await findFailed(session, root, checks);
    if (failed === undefined) return found;
    // The same elsewhere too: an expression of GROUP BY stays the same.
    const difference = treeJson(failed.rule.operands);
    const before = found.size;
    forEachNode(root, (node) => {
      const rule = dateDifferenceRule(node, place);
      if (rule !== undefined && treeJson(rule.operands) === difference) found.add(rule.toError([]).offset);
    });
    if (found.size === before) return found;
  }
}

function forEachNode(tree: Tree, visit: (node: TreeNode) => void): void {
  if (Array.isArray(tree)) for (const item of tree) forEachNode(item, visit);
  if (!isNode(tree)) return;
  visit(tree);
  for (const value of Object.values(tree)) forEachNode(value, visit);
}

const mostChecked = (list: TokenList) =>
  list.tokens.some(({ raw }) => raw === '->') ? MOST_WITH_LAMBDAS : MOST_CHECKED_CHARACTERS;

function rulePlace(translation: Translation, list: TokenList): RulePlace {
  const bytes = Buffer.from(translation.sql);
  return {
    list,
    // DuckDB counts bytes.
    offsetOf: (location) => translation.offsetOf(bytes.subarray(0, location).toString().length),
  };
}

/** The rules of a node, each with the node that it is attached to. */
type RulesOf = (node: TreeNode) => readonly (readonly [TreeNode, TypeRule])[];

/** Trino's own rules. */
const ownRules =
  (place: RulePlace): RulesOf =>
  (node) => [
    ...typeRules(node, place).map((rule) => [rule.at ?? node, rule] as const),
    ...conditionRules(node, place),
    ...(node['type'] === 'EXPRESSION_LIST' ? valuesRules(node, place) : []),
  ];

/** Collects all checks of a query. */
function collectChecks(root: TreeNode, rulesOf: RulesOf) {
  const rules: Check[] = [];
  const byNode = new Map<TreeNode, number[]>();
  const pairs: ScopedPair[] = [];
  const known = new Map<string, number>();
  const visit = (tree: Tree, scope: CheckScope): void => {
    if (Array.isArray(tree)) {
      for (const item of tree) visit(item, scope);
      return;
    }
    if (!isNode(tree) || scope.grouped.has(treeJson(tree))) return;
    const add = (node: TreeNode, rule: TypeRule) => {
      const key = `${scope.inLambda} ${rule.condition} ${rule.operands.map(treeJson).join(' ')}`;
      const index = known.get(key) ?? rules.push({ rule, inLambda: scope.inLambda }) - 1;
      known.set(key, index);
      const place = scope.attachTo ?? node;
      byNode.set(place, [...(byNode.get(place) ?? []), index]);
    };
    const own = isNode(tree['cte_map']) ? tree['cte_map']['map'] : undefined;
    const ctes = Array.isArray(own) ? [...scope.ctes, ...own] : scope.ctes;
    for (const [node, rule] of rulesOf(tree)) add(node, rule);
    pairs.push(...columnPairs(tree).map((pair) => ({ ...pair, ctes })));
    const groups = nodesOf(tree['group_expressions']);
    // A grouping expression must stay the same everywhere, so its check is added to the WHERE clause.
    for (const group of groups) visit(group, { ...scope, ctes, attachTo: tree });
    const isSelect = Array.isArray(tree['group_expressions']);
    const inside: CheckScope = {
      ...scope,
      ctes,
      inLambda: scope.inLambda || tree['class'] === 'LAMBDA',
      ...(isSelect ? { attachTo: undefined, grouped: new Set(groups.map(treeJson)) } : {}),
    };
    for (const [member, value] of Object.entries(tree)) {
      if (member === 'group_expressions') continue;
      // A table function is not an expression.
      visit(member === 'function' && isNode(value) ? (value['children'] ?? null) : value, inside);
    }
  };
  visit(root, { ctes: [], inLambda: false, grouped: new Set(), attachTo: undefined });
  return { checks: { rules, byNode }, pairs };
}

function columnPairs(tree: TreeNode): readonly ColumnPair[] {
  const { left, right, setop_type: setOperation, using_columns: using } = tree;
  if (!isNode(left) || !isNode(right)) return [];
  if (tree['type'] === 'SET_OPERATION_NODE' && typeof setOperation === 'string')
    return [{ of: { setOperation }, left, right }];
  if (tree['type'] !== 'JOIN' || !Array.isArray(using)) return [];
  return using.flatMap((name: Tree) =>
    typeof name === 'string' ? [{ of: { using: name }, left, right }] : [],
  );
}

/** A query that binds only if the columns of two queries have compatible types. */
async function pairChecks(
  session: Session,
  pair: ScopedPair,
  place: RulePlace,
): Promise<{ readonly root: TreeNode; readonly checks: Checks } | undefined> {
  const { of, ctes } = pair;
  const host = await parseTree(session, 'SELECT true');
  const [node] = nodesOf(host?.['select_list']);
  if (host === undefined || node === undefined) return undefined;
  const root = { ...host, cte_map: { map: ctes } };
  const name = 'using' in of ? `"${of.using.replaceAll('"', '""')}"` : '*';
  const sides: TreeNode[] = [];
  for (const side of [pair.left, pair.right]) {
    const query = 'using' in of ? await parseTree(session, `SELECT ${name} FROM t`) : side;
    if (query === undefined) return undefined;
    sides.push('using' in of ? { ...query, from_table: side } : query);
  }
  const whole = await parseTree(session, 'SELECT * FROM (SELECT 1)');
  const count =
    whole && (await countColumns(session, { ...withQuery(whole, sides[0]), cte_map: root.cte_map }));
  if (count === undefined) return undefined;
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const picked = await parseTree(
    session,
    `SELECT ${names.map((column) => `(SELECT ${column} FROM (SELECT 1) AS s(${names.join(', ')}))`).join(', ')}`,
  );
  const columns = nodesOf(picked?.['select_list']);
  const rules = columns.map((column, index) => {
    const { subquery } = column;
    const operands = sides.map(
      (side): TreeNode => ({
        ...column,
        subquery:
          isNode(subquery) && isNode(subquery['node'])
            ? { ...subquery, node: withQuery(subquery['node'], side) }
            : null,
      }),
    );
    return { rule: columnRule(pair, index, operands, place), inLambda: false };
  });
  return { root, checks: { rules, byNode: new Map([[node, rules.map((_, index) => index)]]) } };
}

/** A SELECT with its subquery replaced by another query. */
function withQuery(select: TreeNode, query: TreeNode | undefined): TreeNode {
  const { from_table: from } = select;
  if (!isNode(from) || query === undefined) return select;
  return { ...select, from_table: { ...from, subquery: { node: query, named_param_map: [] } } };
}

async function countColumns(session: Session, root: TreeNode): Promise<number | undefined> {
  const prepared = await session.prepare(executeTreeSql(root)).catch(() => undefined);
  const count = prepared?.columnCount;
  prepared?.destroySync();
  return count;
}

/** A rule that is not met, and DuckDB's types of its operands. */
interface Failed {
  readonly rule: TypeRule;
  readonly types: readonly string[];
}

/** Binds a query with its checks. @returns The first rule that fails; undefined if all succeed. */
async function findFailed(
  session: Session,
  root: TreeNode,
  { rules, byNode }: Checks,
): Promise<Failed | undefined> {
  if (rules.length === 0) return undefined;
  const sql = `SELECT ${rules.map(checkSql).join(', ')}`;
  await session.defineMacros(sql);
  const conditions = nodesOf((await parseTree(session, sql))?.['select_list']).map((condition, index) =>
    withOperands(condition, rules[index]?.rule.operands ?? []),
  );
  let tries = 0;
  const findAmong = async (candidates: readonly number[]): Promise<Failed | undefined> => {
    tries += 1;
    const checked = new Set(candidates);
    const failure = await bindError(
      session,
      withChecks(root, (node) =>
        (byNode.get(node) ?? [])
          .filter((index) => checked.has(index))
          .map((index) => conditions[index])
          .filter(isNode),
      ),
    );
    if (failure === undefined || candidates.length === 0 || tries > MAX_BIND_ATTEMPTS) return undefined;
    const [, index, types] = MARKED.exec(failure) ?? [];
    const rule = rules[Number(index ?? Number.NaN)];
    if (rule !== undefined) return { rule: rule.rule, types: (types ?? '').split('|') };
    if (
      candidates.length === 1 ||
      (tries === 1 &&
        (await bindError(
          session,
          withChecks(root, () => []),
        )) !== undefined)
    )
      return undefined;
    const half = Math.ceil(candidates.length / 2);
    return (await findAmong(candidates.slice(0, half))) ?? (await findAmong(candidates.slice(half)));
  };
  return await findAmong(rules.map((_, index) => index));
}

function typeError({ rule, types }: Failed, { place, columnTypes }: TypedQuery): StatementError {
  const literals = rule.literals ?? rule.operands;
  const names = rule.operands.map((operand, index) =>
    operandTypeName(literals[index] ?? operand, types[index] ?? 'unknown', columnTypes),
  );
  const { code, message, offset } = rule.toError(names);
  return statementError(code, message, { sql: place.sql, offset: place.shift + offset });
}

/** Trino's name of an operand's type, with the length of a string when the statement or the table defines it. */
function operandTypeName(
  operand: TreeNode,
  duckType: string,
  columnTypes: TypedQuery['columnTypes'],
): string {
  const type = trinoTypeOf(duckType);
  const { value, column_names: names } = operand;
  if (type !== 'varchar') return type;
  if (operand['class'] === 'CONSTANT' && isNode(value) && typeof value['value'] === 'string')
    return `varchar(${[...value['value']].length})`;
  const column = Array.isArray(names) ? String(names.at(-1)).toLowerCase() : '';
  const declared = columnTypes.get(column) ?? '';
  return declared.startsWith('varchar') || declared.startsWith('char') ? declared : type;
}

/** Trino's name of a DuckDB type, which is in lower case. */
function trinoTypeOf(type: string): string {
  if (type.endsWith('[]')) return `array(${trinoTypeOf(type.slice(0, -2))})`;
  return TYPE_NAMES[type] ?? type.replace(/^struct\(/, 'row(');
}

/** A condition that binds only if a rule is met. Its operands are `o0`, `o1`, … */
function checkSql({ rule: { operands, condition }, inLambda }: Check, index: number): string {
  const types = operands.map((_, position) => `typeof(o${position})`);
  // Each type is evaluated once, since macros are expanded as text. Lambdas within lambdas are not constant, though.
  const type = (position: string) => (inLambda ? `typeof(o${position})` : `t[${Number(position) + 1}]`);
  const kinds = condition
    .replaceAll(/\bk(\d+)\b/g, (_, position: string) => `trino_kind(${type(position)})`)
    .replaceAll(/\be(\d+)\b/g, (_, position: string) => `trino_element_kind(${type(position)})`)
    .replaceAll(/\bm(\d+)\b/g, (_, position: string) => `trino_key_kind(${type(position)})`)
    .replaceAll(/\bw(\d+)\b/g, (_, position: string) => `trino_is_whole(${type(position)})`);
  const all = inLambda ? types.join(` || '|' || `) : `array_to_string(t, '|')`;
  const key = `CASE WHEN ${kinds} THEN 'ok' ELSE '${MARK}|${index}|' || ${all} END`;
  return `struct_extract({'ok': true}, ${inLambda ? key : `list_transform([[${types.join(', ')}]], lambda t: ${key})[1]`})`;
}

/** Replaces `o0`, `o1`, … in a condition by operands. */
function withOperands(condition: TreeNode, operands: readonly TreeNode[]): TreeNode {
  const replace = (tree: Tree): Tree => {
    if (Array.isArray(tree)) return tree.map(replace);
    if (!isNode(tree)) return tree;
    const { column_names: names } = tree;
    const [name] = Array.isArray(names) ? names : [];
    const position = typeof name === 'string' ? /^o(\d+)$/.exec(name)?.[1] : undefined;
    const operand = position === undefined ? undefined : operands[Number(position)];
    if (operand !== undefined) return { ...operand, alias: '' };
    return Object.fromEntries(Object.entries(tree).map(([member, value]) => [member, replace(value)]));
  };
  const replaced = replace(condition);
  return isNode(replaced) ? replaced : condition;
}

/** Attaches checks to the nodes of a tree, which then bind only together with them. */
function withChecks(tree: TreeNode, checksOf: (node: TreeNode) => readonly TreeNode[]): Tree {
  /** @param outer Collects the checks for an enclosing expression: within a macro they would be expanded many times. */
  const rebuild = (part: Tree, outer?: TreeNode[]): Tree => {
    if (Array.isArray(part)) return part.map((item) => rebuild(item, outer));
    if (!isNode(part)) return part;
    const alone = /^(?:LAMBDA|SUBQUERY|WINDOW)$/.test(String(part['class']));
    const collected = outer ?? (isMacro(part) ? [] : undefined);
    const inside = alone || (part['class'] === 'FUNCTION' && !isMacro(part)) ? undefined : collected;
    const built: TreeNode = Object.fromEntries(
      Object.entries(part).map(([member, value]) => [member, rebuild(value, inside)]),
    );
    const checks = checksOf(part);
    if (Array.isArray(part['group_expressions'])) {
      const { where_clause: where } = built;
      return {
        ...built,
        where_clause: checks.reduce<Tree>((all, check) => bothConditions(check, all), where ?? null),
      };
    }
    if (outer === undefined) return [...(collected ?? []), ...checks].reduce<TreeNode>(onlyWhen, built);
    outer.push(...checks);
    return built;
  };
  return rebuild(tree);
}

function bothConditions(check: TreeNode, condition: Tree): TreeNode {
  if (!isNode(condition)) return check;
  return { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', alias: '', children: [check, condition] };
}

/** `CASE WHEN check THEN value END`, with the value's alias. */
function onlyWhen(value: TreeNode, check: TreeNode): TreeNode {
  const unnamed: TreeNode = { ...value, alias: '' };
  return {
    class: 'CASE',
    type: 'CASE_EXPR',
    alias: value['alias'] ?? '',
    case_checks: [{ when_expr: check, then_expr: unnamed }],
    else_expr: {
      class: 'CONSTANT',
      type: 'VALUE_CONSTANT',
      alias: '',
      value: { type: { id: 'NULL', type_info: null }, is_null: true },
    },
  };
}

/** DuckDB's error message when a tree cannot be bound. */
async function bindError(session: Session, root: Tree): Promise<string | undefined> {
  try {
    (await session.prepare(executeTreeSql(root))).destroySync();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll('\\"', '"') : '';
  }
}

/** DuckDB's marker of a node without a position. */
const NO_PLACE = /"query_location":18446744073709551615/g;
/** Numbers beyond JavaScript's precision: values of literals. Only their types are needed. */
const LONG_NUMBER = /(?<=:)-?\d{16,}(?=[,}\]])/g;
/** Doubles that JavaScript would write as whole numbers, which DuckDB then refuses. Only their types are needed, too. */
const WHOLE_DOUBLE = /(?<=:)-?\d+(?:\.0|(?:\.\d+)?[eE]\+?\d+)(?=[,}\]])/g;

/** The syntax tree of a query: the node of its only statement. */
async function parseTree(session: Session, sql: string): Promise<TreeNode | undefined> {
  const reader = await session.read(`SELECT json_serialize_sql(${quoteText(sql)})`);
  const text = String(reader.getRowsJS()[0]?.[0])
    .replaceAll(NO_PLACE, '"query_location":null')
    .replaceAll(LONG_NUMBER, '1')
    .replaceAll(WHOLE_DOUBLE, '1.5');
  const parsed = parseJson(text);
  const tree = isTree(parsed) && isNode(parsed) ? nodesOf(parsed['statements'])[0]?.['node'] : undefined;
  return isNode(tree) ? tree : undefined;
}

/**
 * Qualifies the table names of a tree, which is bound on a connection without a search path.
 *
 * @param named Names of subqueries that a table name may refer to.
 */
function qualifyTables(tree: TreeNode, database: string | undefined, ctes: ReadonlySet<string>): TreeNode {
  const own = isNode(tree['cte_map']) ? nodesOf(tree['cte_map']['map']) : [];
  const known = new Set(ctes);
  const within = (part: Tree, names: ReadonlySet<string>): Tree => {
    if (Array.isArray(part)) return part.map((item) => within(item, names));
    return isNode(part) ? qualifyTables(part, database, names) : part;
  };
  // A subquery sees the ones before it, and itself if it is recursive.
  const map = own.map((entry) => {
    const key = textMember(entry, 'key').toLowerCase();
    const value = entry['value'] ?? null;
    const names = JSON.stringify(value).includes('"RECURSIVE_CTE_NODE"')
      ? new Set([...known, key])
      : new Set(known);
    known.add(key);
    return { ...entry, value: within(value, names) };
  });
  const rest = Object.entries(tree).map(([member, value]): [string, Tree] =>
    member === 'cte_map' && isNode(value) ? [member, { ...value, map }] : [member, within(value, known)],
  );
  const built: TreeNode = Object.fromEntries(rest);
  if (tree['type'] !== 'BASE_TABLE' || textMember(tree, 'catalog_name') !== '') return built;
  const schema = textMember(tree, 'schema_name');
  if (schema === '' && (database === undefined || known.has(textMember(tree, 'table_name').toLowerCase())))
    return built;
  return { ...built, catalog_name: CATALOG, schema_name: schema === '' ? (database ?? '') : schema };
}

/** Any parsed JSON is a tree. */
function isTree(value: unknown): value is Tree {
  return value !== undefined;
}

/** SQL that runs a syntax tree. */
function executeTreeSql(root: Tree): string {
  const json = treeJson({ error: false, statements: [{ node: root, named_param_map: [] }] });
  return `SELECT * FROM json_execute_serialized_sql(${quoteText(json)})`;
}

/** A tree as JSON, without positions. */
function treeJson(tree: Tree): string {
  return JSON.stringify(tree, (member, value: unknown) => (member === 'query_location' ? undefined : value));
}
