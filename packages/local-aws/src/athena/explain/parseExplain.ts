import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { ExplainOptions, Statement } from '../statements/Statement.ts';
import type { StatementReader } from '../statements/StatementReader.ts';

/** The options of EXPLAIN with their values: https://docs.aws.amazon.com/athena/latest/ug/athena-explain-statement.html */
const OPTIONS = {
  format: ['text', 'graphviz', 'json'],
  type: ['logical', 'distributed', 'validate', 'io'],
} as const;

/** EXPLAIN ANALYZE has no types, because it always shows the plan that ran. */
const ANALYZE_FORMATS = ['text', 'json'];

/**
 * Parses what follows EXPLAIN.
 *
 * @param parse Parses a statement. It gets the whole text with everything before the explained statement blank, so that
 *   positions stay those of the text.
 */
export function parseExplain(reader: StatementReader, parse: (sql: string) => Statement): Statement {
  const analyze = reader.take('analyze');
  if (reader.peek('verbose')) throw notEmulated('EXPLAIN ANALYZE VERBOSE');
  const options = readOptions(reader, analyze);
  if (reader.atEnd) throw reader.unexpected('<statement>');
  const { sql, offset } = reader.query();
  const explained = parse(`${reader.list.sql.slice(0, offset).replaceAll(/[^\r\n]/g, ' ')}${sql}`);
  const changesRows =
    explained.kind === 'delete' || explained.kind === 'update' || explained.kind === 'merge';
  if (changesRows && !analyze) return { kind: 'explainChange', change: explained, ...options };
  if (analyze && explained.kind !== 'query') throw notEmulated('EXPLAIN ANALYZE of anything but a query');
  if (
    explained.kind !== 'query' &&
    explained.kind !== 'createTableAs' &&
    explained.kind !== 'insert' &&
    explained.kind !== 'unload'
  ) {
    throw notEmulated('EXPLAIN of anything but a query and statements that write rows');
  }
  return { kind: 'explain', query: explained.query, explained, analyze, ...options };
}

/** `(FORMAT …, TYPE …)`, in any order. Of two options of one name the first counts, as in Trino. */
function readOptions(reader: StatementReader, analyze: boolean): ExplainOptions {
  const found: { format?: ExplainOptions['format']; type?: ExplainOptions['type'] } = {};
  const first = reader.list.word(analyze ? 3 : 2) ?? '';
  if (reader.peekSymbol('(') && /^(?:format|type)$/.test(first)) {
    reader.expectSymbol('(');
    do {
      if (reader.take('format')) {
        const format = readValue(reader, OPTIONS.format, analyze ? ANALYZE_FORMATS : OPTIONS.format);
        found.format ??= format;
      } else if (!analyze && reader.take('type')) {
        const type = readValue(reader, OPTIONS.type);
        found.type ??= type;
      } else throw reader.unexpected(analyze ? "'FORMAT'" : "'FORMAT', 'TYPE'");
    } while (reader.takeSymbol(','));
    reader.expectSymbol(')');
  }
  const type = found.type ?? (analyze ? 'distributed' : 'logical');
  const format = found.format ?? (type === 'io' ? 'json' : 'text');
  if (type === 'io' && format === 'graphviz')
    throw statementError('NOT_SUPPORTED', 'Unhandled plan type: IO');
  return { type, format };
}

function readValue<Value extends string>(
  reader: StatementReader,
  values: readonly Value[],
  allowed: readonly string[] = values,
): Value {
  const value = values.find((one) => allowed.includes(one) && reader.take(one));
  if (value === undefined) throw reader.unexpected(allowed.map((one) => `'${one.toUpperCase()}'`).join(', '));
  return value;
}
