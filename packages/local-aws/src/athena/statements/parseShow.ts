import { notEmulated } from '../engine/statementFailure.ts';
import type { Statement } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/** Reads what follows SHOW. https://docs.aws.amazon.com/athena/latest/ug/show-tables.html and its neighbours */
export function parseShow(reader: StatementReader): Statement {
  if (reader.take('databases') || reader.take('schemas'))
    return { kind: 'showDatabases', pattern: pattern(reader) };
  const views = reader.take('views');
  if (views || reader.take('tables')) {
    const database = reader.take('in') || reader.take('from') ? databaseName(reader) : undefined;
    return { kind: 'showTables', database, pattern: pattern(reader), views };
  }
  if (reader.take('columns')) {
    if (!reader.take('in')) reader.expect('from');
    const name = reader.tableName();
    // `SHOW COLUMNS IN t IN d` is the same as `IN d.t`.
    if (reader.take('in') || reader.take('from'))
      return { kind: 'showColumns', name: { ...name, database: reader.name() } };
    return { kind: 'showColumns', name };
  }
  if (reader.take('partitions')) return { kind: 'showPartitions', name: reader.tableName() };
  if (reader.take('tblproperties')) {
    const name = reader.tableName();
    let property: string | undefined;
    if (reader.takeSymbol('(')) {
      property = reader.text();
      reader.expectSymbol(')');
    }
    return { kind: 'showProperties', name, property };
  }
  if (reader.take('create')) {
    const view = reader.take('view');
    if (!view) reader.expect('table');
    return { kind: 'showCreate', name: reader.tableName(), view };
  }
  if (reader.peek('functions') || reader.peek('catalogs') || reader.peek('session') || reader.peek('stats')) {
    throw notEmulated(`SHOW ${reader.next().raw.toUpperCase()}`);
  }
  throw reader.unexpected(
    "'COLUMNS', 'CREATE', 'DATABASES', 'PARTITIONS', 'SCHEMAS', 'TABLES', 'TBLPROPERTIES', 'VIEWS'",
  );
}

function databaseName(reader: StatementReader): string {
  const { table } = reader.tableName();
  return table;
}

/** A pattern of Hive's: `*` for anything and `|` between choices, in single quotes. */
function pattern(reader: StatementReader): string | undefined {
  reader.take('like');
  return reader.atEnd ? undefined : reader.text();
}
