import { z } from 'zod';

const detailSchema = z.union([z.string(), z.array(z.string())]);
type Detail = z.output<typeof detailSchema>;

/** A node of DuckDB's `EXPLAIN (FORMAT json)`, and of `EXPLAIN (ANALYZE, FORMAT json)`, whose names are others. */
const nodeSchema = z.object({
  name: z.string().optional(),
  operator_name: z.string().optional(),
  /** Seconds, and rows: only of a plan that ran. */
  operator_timing: z.number().optional(),
  operator_cardinality: z.number().optional(),
  result_set_size: z.number().optional(),
  extra_info: z.record(z.string(), detailSchema),
  get children(): z.ZodArray<typeof nodeSchema> {
    return z.array(nodeSchema);
  },
});

/** What a node of a plan that ran has done. */
interface NodeStats {
  readonly seconds: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A node of a plan under Trino's name for what DuckDB does there. */
export interface PlanNode {
  readonly name: string;
  /** The node's properties, e.g. `table`, `joinType`. */
  readonly descriptor: Readonly<Record<string, string>>;
  /** The columns that it returns with their types; empty where DuckDB does not tell. */
  readonly outputs: readonly { readonly symbol: string; readonly type: string }[];
  readonly details: readonly string[];
  readonly stats?: NodeStats | undefined;
  readonly children: readonly PlanNode[];
}

/** Trino's names: https://docs.aws.amazon.com/athena/latest/ug/athena-explain-statement-understanding.html */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^(?:SEQ_SCAN|TABLE_SCAN|READ_\w+|PARQUET_SCAN)$/, 'TableScan'],
  [/PROJECTION$/, 'Project'],
  [/(?:GROUP_BY|AGGREGATE)$/, 'Aggregate'],
  [/WINDOW$/, 'Window'],
  [/LIMIT$/, 'Limit'],
  [/^ORDER_BY$/, 'Sort'],
  [/^TOP_N$/, 'TopN'],
  [/^CROSS_PRODUCT$/, 'CrossJoin'],
  [/^(?:DUMMY_SCAN|COLUMN_DATA_SCAN|EMPTY_RESULT)$/, 'Values'],
];

/** Trino's joins by DuckDB's types. Others keep their type in the descriptor. */
const JOINS: Readonly<Record<string, string>> = {
  INNER: 'InnerJoin',
  LEFT: 'LeftJoin',
  RIGHT: 'RightJoin',
  FULL: 'FullJoin',
  OUTER: 'FullJoin',
  SEMI: 'SemiJoin',
};

/**
 * Reads DuckDB's plan in JSON, under a node `Output` with the columns of the result.
 *
 * @param plan Of `EXPLAIN (FORMAT json)` or `EXPLAIN (ANALYZE, FORMAT json)`.
 */
export function readPlan(plan: string, columns: PlanNode['outputs']): PlanNode {
  const parsed: unknown = JSON.parse(plan);
  const roots = Array.isArray(parsed) ? z.array(nodeSchema).parse(parsed) : nodeSchema.parse(parsed).children;
  const children = roots.flatMap((root) => (root.operator_name === 'EXPLAIN_ANALYZE' ? root.children : root));
  return {
    name: 'Output',
    descriptor: { columnNames: `[${columns.map(({ symbol }) => symbol).join(', ')}]` },
    outputs: columns,
    details: [],
    children: children.map(toPlanNode),
  };
}

function toPlanNode(node: z.output<typeof nodeSchema>): PlanNode {
  const {
    'Estimated Cardinality': _,
    Table,
    Type,
    Projections,
    'Join Type': join,
    ...rest
  } = node.extra_info;
  const own = (node.name ?? node.operator_name ?? '').trim();
  const { operator_timing: seconds, operator_cardinality: rows = 0, result_set_size: bytes = 0 } = node;
  const isJoin = /JOIN$/.test(own);
  const known = isJoin ? JOINS[flat(join)] : undefined;
  return {
    name: known ?? NAMES.find(([pattern]) => pattern.test(own))?.[1] ?? camelCase(`_${own}`),
    descriptor: {
      ...(Table === undefined ? {} : { table: flat(Table).replaceAll('"', '').replaceAll('.', ':') }),
      ...(join === undefined || known !== undefined ? {} : { joinType: flat(join) }),
      ...Object.fromEntries(Object.entries(rest).map(([name, detail]) => [camelCase(name), flat(detail)])),
    },
    outputs: [],
    details: lines(Projections),
    stats: seconds === undefined ? undefined : { seconds, rows, bytes },
    children: node.children.map(toPlanNode),
  };
}

function lines(detail: Detail = []): readonly string[] {
  return typeof detail === 'string' ? detail.split('\n').filter((line) => line !== '') : detail;
}

function flat(detail: Detail | undefined): string {
  return lines(detail).join(', ');
}

/** `CTE_SCAN` and `Order By` as `cteScan` and `orderBy`; with a separator before it, `CteScan`. */
function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const identifierOf = ({ descriptor }: PlanNode) =>
  `[${Object.entries(descriptor)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}]`;

const milliseconds = (seconds: number) => `${(seconds * 1_000).toFixed(2)}ms`;

/** The plan as a tree of lines, in Trino's form. */
export function planText(node: PlanNode): string[] {
  const { outputs, details, stats, children } = node;
  const own = [
    ...(outputs.length === 0
      ? []
      : [`Layout: [${outputs.map(({ symbol, type }) => `${symbol}:${type}`).join(', ')}]`]),
    ...(stats === undefined ? [] : [`CPU: ${milliseconds(stats.seconds)}, Output: ${stats.rows} rows`]),
    ...details,
  ];
  const bar = children.length === 0 ? ' ' : '│';
  const below = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    return planText(child).map(
      (line, at) => `${at === 0 ? (last ? '└─ ' : '├─ ') : last ? '   ' : '│  '}${line}`,
    );
  });
  return [`${node.name}${identifierOf(node)}`, ...own.map((line) => `${bar}   ${line}`), ...below];
}

/** What Trino prints where it has no statistics, as here. */
const UNKNOWN_ESTIMATE = {
  outputRowCount: 'NaN',
  outputSizeInBytes: 'NaN',
  cpuCost: 'NaN',
  memoryCost: 'NaN',
  networkCost: 'NaN',
};

/** The plan in the form of Trino's JSON. https://trino.io/docs/current/sql/explain.html */
export function planJson(root: PlanNode): object {
  let next = 0;
  const document = ({ name, descriptor, outputs, details, children }: PlanNode): object => {
    const id = String(next);
    next += 1;
    const estimates = [UNKNOWN_ESTIMATE];
    return { id, name, descriptor, outputs, details, estimates, children: children.map(document) };
  };
  return document(root);
}

/** The plan of a query that ran, in the form of Athena's `EXPLAIN ANALYZE (FORMAT JSON)`: one fragment, as here is one process. */
export function analyzedJson(root: PlanNode): object {
  const document = (node: PlanNode): object => ({
    name: node.name,
    identifier: identifierOf(node),
    outputs: node.outputs.map(({ symbol }) => symbol),
    details: node.details.join('\n'),
    ...(node.stats === undefined
      ? {}
      : {
          distributedNodeStats: {
            nodeCpuTime: milliseconds(node.stats.seconds),
            nodeOutputRows: node.stats.rows,
            nodeOutputDataSize: `${node.stats.bytes}B`,
            operatorInputRowsStats: [],
          },
        }),
    children: node.children.map(document),
  });
  const all = (node: PlanNode): readonly PlanNode[] => [node, ...node.children.flatMap(all)];
  const leaves = all(root).filter(({ children }) => children.length === 0);
  const sum = (nodes: readonly PlanNode[], member: keyof NodeStats) =>
    nodes.reduce((total, { stats }) => total + (stats?.[member] ?? 0), 0);
  return {
    fragments: [
      {
        id: '1',
        stageStats: {
          totalCpuTime: milliseconds(sum(all(root), 'seconds')),
          inputRows: `${sum(leaves, 'rows')} rows`,
          inputDataSize: `${sum(leaves, 'bytes')}B`,
          stdDevInputRows: '0.00',
          outputRows: `${sum(root.children, 'rows')} rows`,
          outputDataSize: `${sum(root.children, 'bytes')}B`,
        },
        outputLayout: root.outputs.map(({ symbol }) => symbol).join(', '),
        logicalPlan: { '1': [document(root)] },
      },
    ],
  };
}

/** The plan as a graph in Graphviz's language, in Trino's form. */
export function planGraph(root: PlanNode, type: 'logical' | 'distributed'): string[] {
  const nodes: string[] = [];
  const edges: string[] = [];
  const label = (text: string) => text.replaceAll(/[\\"{}|<>]/g, (character) => `\\${character}`);
  const visit = (node: PlanNode): string => {
    const name = `plannode_${nodes.length + 1}`;
    const text = [`${node.name}${identifierOf(node)}`, ...node.details].map(label);
    nodes.push(
      `${name}[label="{${text.join('|')}}", style="rounded, filled", shape=record, fillcolor=white];`,
    );
    for (const child of node.children) edges.push(`${name} -> ${visit(child)};`);
    return name;
  };
  visit(root);
  return [`digraph ${type}_plan {`, 'subgraph cluster_0 {', 'label = "SINGLE"', ...nodes, '}', ...edges, '}'];
}
