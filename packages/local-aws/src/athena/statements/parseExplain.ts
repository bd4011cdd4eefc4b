import { notEmulated } from '../engine/StatementError.ts';
import type { Statement } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/**
 * Parses what follows EXPLAIN: a query, after `(TYPE IO, FORMAT JSON)` or nothing.
 * https://docs.aws.amazon.com/athena/latest/ug/athena-explain-statement.html
 *
 * @param parse Parses a statement. It gets the whole text with everything before the explained statement blank, so that
 *   positions stay those of the text.
 * @throws StatementError for what is not emulated; SqlError for what cannot be parsed; what `parse` throws.
 */
export function parseExplain(reader: StatementReader, parse: (sql: string) => Statement): Statement {
  if (reader.peek('analyze')) throw notEmulated('EXPLAIN ANALYZE');
  const isIo = reader.peekSymbol('(') && /^(?:format|type)$/.test(reader.list.word(2) ?? '');
  if (isIo) readIoOptions(reader);
  if (reader.atEnd) throw reader.unexpected('<statement>');
  const { sql, offset } = reader.query();
  const explained = parse(`${reader.list.sql.slice(0, offset).replaceAll(/[^\r\n]/g, ' ')}${sql}`);
  if (explained.kind !== 'query') throw notEmulated('EXPLAIN of anything but a query');
  return { kind: 'explain', query: explained.query, type: isIo ? 'io' : 'logical' };
}

/** `(TYPE IO, FORMAT JSON)`, in any order. JSON is the format of this type when none is given. */
function readIoOptions(reader: StatementReader): void {
  const found = new Map<string, string>();
  reader.expectSymbol('(');
  do {
    const name = reader.name().toLowerCase();
    found.set(name, reader.name().toLowerCase());
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  const { type, format = 'json', ...otherOptions } = Object.fromEntries(found);
  if (type !== 'io' || format !== 'json' || Object.keys(otherOptions).length > 0)
    throw notEmulated('EXPLAIN with options other than (TYPE IO, FORMAT JSON)');
}
