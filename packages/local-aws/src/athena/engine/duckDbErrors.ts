import { z } from 'zod';
import type { Translation } from '../../trino/index.ts';
import { resourcesExhausted, StatementError, statementError } from './StatementError.ts';

/** DuckDB's errors with `errors_as_json`. */
const problemSchema = z.object({
  exception_type: z.string(),
  exception_message: z.string(),
  position: z.string().optional(),
  error_subtype: z.string().optional(),
  name: z.string().optional(),
});

/** A failed query, with what is needed to explain the error in terms of the user's text. */
export interface FailedQuery {
  /** The whole statement. */
  readonly sql: string;
  /** The offset of the query in it. */
  readonly shift: number;
  readonly translation: Translation;
  /** The number of characters before the translation in the text that ran. */
  readonly prefix: number;
  /** The error for a table that does not exist. */
  readonly missingTable: (name: string) => { readonly code: string; readonly message: string };
  /** The `s3://` location of a file. */
  readonly locationOf: (path: string) => string | undefined;
}

/**
 * An error of DuckDB as one of the statement: in Athena's words, with line and column in the user's text, for what people get
 * wrong most, tables, columns, functions and syntax; otherwise DuckDB's own sentence.
 */
export function translateDuckDbError(error: unknown, query: FailedQuery): unknown {
  if (error instanceof StatementError || !(error instanceof Error)) return error;
  const problem = readProblem(error.message);
  if (problem === undefined) return error;
  const { exception_type: type, exception_message: message } = problem;
  const place = statementPosition(problem.position, query);
  const fail = (code: string, text: string, at: typeof place = place) =>
    statementError(code, text, at, error);
  const field = /^Could not find key "(.*?)"/.exec(message)?.[1];
  const name = field ?? nameAt(query, place?.offset) ?? problem.name ?? '';
  const [first = message] = message.split('\n');

  if (type === 'Parser') {
    const near = /at or near "(.*)"/s.exec(message)?.[1];
    const end = { sql: query.sql, offset: query.sql.trimEnd().length };
    return near === undefined
      ? fail('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: <expression>", end)
      : fail(
          'SYNTAX_ERROR',
          `mismatched input '${wordAt(query, place?.offset) ?? near}'. Expecting: <expression>`,
        );
  }
  if (type === 'INTERRUPT') return statementError('USER_CANCELED', 'Query was canceled', undefined, error);
  if (type === 'Out of Memory') return resourcesExhausted(error);
  // The macros report errors as failed conversions of a message.
  const macroError = /'([A-Z]+_[A-Z_]+): (.*)'/s.exec(message);
  if (type === 'Conversion' && macroError !== null)
    return statementError(macroError[1] ?? '', macroError[2] ?? '', undefined, error);
  const catalog = /^Catalog "(.*?)" does not exist/.exec(message)?.[1];
  if (catalog !== undefined)
    return fail('CATALOG_NOT_FOUND', `Catalog '${catalog.toLowerCase()}' does not exist`);
  // DuckDB tries to open an unknown table as a file, which it may not access.
  if (/^Table with name|^No extension found that is capable|^Cannot access file/.test(message)) {
    const missing = query.missingTable(name);
    return fail(missing.code, missing.message);
  }
  if (problem.error_subtype === 'COLUMN_NOT_FOUND' || MISSING_COLUMN.test(message))
    return fail(
      'COLUMN_NOT_FOUND',
      `Column '${name.toLowerCase()}' cannot be resolved or requester is not authorized to access requested resources`,
    );
  if (/^Ambiguous reference/.test(message)) return fail('AMBIGUOUS_NAME', `Column '${name}' is ambiguous`);
  if (/^column "?.*?"? must appear in the GROUP BY/.test(message))
    return fail(
      'EXPRESSION_NOT_AGGREGATE',
      `'${name}' must be an aggregate expression or appear in GROUP BY clause`,
    );
  const [, called, types = ''] =
    /(?:argument types '|the function call ")(.*?)\((.*?)\)['"]/.exec(message) ?? [];
  if (called !== undefined && /^\w+$/.test(called)) {
    const known = called.replace(/^trino_/, '').replace(/_days$|(?<=^date_add)_of_[a-z]+$/, '');
    const parameterTypes = types
      .toLowerCase()
      .replaceAll(/integer_literal/g, 'integer')
      .replaceAll(/string_literal/g, 'varchar');
    return fail('FUNCTION_NOT_FOUND', `Unexpected parameters (${parameterTypes}) for function ${known}`);
  }
  if (type === 'Conversion') return statementError('INVALID_CAST_ARGUMENT', first, undefined, error);
  if (type === 'Out of Range') return statementError('NUMERIC_VALUE_OUT_OF_RANGE', first, undefined, error);
  const file = /["' ](\/[^"'\n]*?)["']?(?:[:.,]?(?:\s|$))/.exec(message)?.[1];
  const location = file === undefined ? undefined : query.locationOf(file);
  if (location !== undefined && /magic|[Pp]arquet|snappy|zstd|footer|thrift/.test(message))
    return statementError('HIVE_BAD_DATA', `Not valid Parquet file: ${location}`, undefined, error);
  const sentence = location === undefined ? first : first.replace(file ?? '', location);
  return type === 'Binder'
    ? fail('SYNTAX_ERROR', sentence)
    : statementError('GENERIC_USER_ERROR', sentence, undefined, error);
}

const MISSING_COLUMN =
  /^Referenced (?:column|table) |does not have a column named|^Could not find key|^Cannot extract field/;

/** Parses DuckDB's error. Parser errors have prefixes: `Failed to extract statements: Parser Error: {…}`. */
function readProblem(text: string): z.output<typeof problemSchema> | undefined {
  try {
    return problemSchema.parse(JSON.parse(text.replace(/^[\w :]*Error: (?=\{)/, '')));
  } catch {
    return undefined;
  }
}

function statementPosition(position: string | undefined, { sql, shift, translation, prefix }: FailedQuery) {
  const index = Number(position) - prefix;
  // A position beyond the translation is in a view or a macro, which the user has not written.
  if (position === undefined || index < 0 || index >= Buffer.byteLength(translation.sql)) return undefined;
  const characters = Buffer.from(translation.sql).subarray(0, index).toString('utf8').length;
  return { sql, offset: shift + translation.offsetOf(characters) };
}

/** The word at an offset of the statement. DuckDB's own name for it may come from the translation. */
function wordAt({ sql }: FailedQuery, offset = sql.length): string | undefined {
  return /^(?:\w+|\S)/.exec(sql.slice(offset))?.[0];
}

/** The name at an offset of the user's text, with its qualifiers and without quotes. */
function nameAt({ sql }: FailedQuery, offset: number | undefined): string | undefined {
  if (offset === undefined) return undefined;
  const name = /^(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+))*/u.exec(
    sql.slice(offset),
  );
  return name?.[0].replaceAll(/"((?:[^"]|"")*)"/g, '$1');
}
