import { z } from 'zod';
import type { Translation } from '../../trino/index.ts';
import {
  isStatementCode,
  resourcesExhausted,
  type StatementCode,
  StatementError,
  statementError,
} from './StatementError.ts';

/** DuckDB's errors with `errors_as_json`. */
const problemSchema = z.object({
  exception_type: z.string(),
  exception_message: z.string(),
  position: z.string().optional(),
  error_subtype: z.string().optional(),
  name: z.string().optional(),
});

/** A failed query, with what is needed to explain the error in terms of the user's text. */
interface FailedQuery {
  /** The whole statement. */
  readonly sql: string;
  /** The offset of the query in it. */
  readonly shift: number;
  /** The query as DuckDB has it. */
  readonly translation: Translation;
  /** The number of characters before the translation in the text that ran. */
  readonly prefix: number;
  /** The error for a table that does not exist. */
  readonly missingTable: (name: string) => { readonly code: StatementCode; readonly message: string };
  /** The `s3://` location of a file. */
  readonly locationOf: (path: string) => string | undefined;
}

/**
 * The error of a statement for an error of DuckDB. The errors that people make most are in Athena's words, with line and column in
 * the user's text: of tables, columns, functions and syntax. Any other error has DuckDB's own sentence. What is not an error of
 * DuckDB is returned unchanged.
 */
export function translateDuckDbError(error: unknown, query: FailedQuery): unknown {
  if (error instanceof StatementError || !(error instanceof Error)) return error;
  const problem = readProblem(error.message);
  if (problem === undefined) return error;
  const failure: Failure = {
    error,
    query,
    type: problem.exception_type,
    subtype: problem.error_subtype,
    message: problem.exception_message,
    ownName: problem.name,
    place: statementPosition(problem.position, query),
  };
  if (failure.type === 'Parser') return syntaxFailure(failure);
  if (failure.type === 'INTERRUPT')
    return statementError('USER_CANCELED', 'Query was canceled', undefined, error);
  if (failure.type === 'Out of Memory') return resourcesExhausted(error);
  return macroFailure(failure) ?? nameFailure(failure) ?? functionFailure(failure) ?? otherFailure(failure);
}

/** An error of DuckDB, and the query that failed with it. */
interface Failure {
  /** The error as DuckDB has thrown it. */
  readonly error: Error;
  /** The query that failed. */
  readonly query: FailedQuery;
  /** DuckDB's kind of the error, e.g. `Binder`. */
  readonly type: string;
  /** DuckDB's kind within the type; undefined if it states none. */
  readonly subtype: string | undefined;
  /** DuckDB's sentence, and further lines. */
  readonly message: string;
  /** The name that DuckDB states, which may come from the translation. */
  readonly ownName: string | undefined;
  /** Where the error is in the user's text; undefined if that is unknown. */
  readonly place: StatementPlace | undefined;
}

/** An error at its place in the user's text. */
function failureAt(
  { error, place }: Failure,
  code: StatementCode,
  text: string,
  at: StatementPlace | undefined = place,
): StatementError {
  return statementError(code, text, at, error);
}

/**
 * The error of a text that DuckDB cannot parse, in Athena's words: it names the token that was not expected, or the
 * end.
 */
function syntaxFailure(failure: Failure): StatementError {
  const { message, query, place } = failure;
  const near = /at or near "(.*)"/s.exec(message)?.[1];
  if (near === undefined) {
    const end = { sql: query.sql, offset: query.sql.trimEnd().length };
    return failureAt(failure, 'SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: <expression>", end);
  }
  const word = wordAt(query, place?.offset) ?? near;
  return failureAt(failure, 'SYNTAX_ERROR', `mismatched input '${word}'. Expecting: <expression>`);
}

/** An error of a macro. The macros report errors as failed conversions of a message. */
function macroFailure({ type, message, error }: Failure): StatementError | undefined {
  const [, code = '', text] = /'([A-Z]+_[A-Z_]+): (.*)'/s.exec(message) ?? [];
  return type === 'Conversion' && isStatementCode(code) && text !== undefined
    ? statementError(code, text, undefined, error)
    : undefined;
}

/** An error of a catalog, a table or a column. */
function nameFailure(failure: Failure): StatementError | undefined {
  const { message, query, subtype, ownName, place } = failure;
  const field = /^Could not find key "(.*?)"/.exec(message)?.[1];
  const name = field ?? nameAt(query, place?.offset) ?? ownName ?? '';
  const catalog = /^Catalog "(.*?)" does not exist/.exec(message)?.[1];
  if (catalog !== undefined)
    return failureAt(failure, 'CATALOG_NOT_FOUND', `Catalog '${catalog.toLowerCase()}' does not exist`);
  // DuckDB tries to open an unknown table as a file, which it may not access.
  if (/^Table with name|^No extension found that is capable|^Cannot access file/.test(message)) {
    const missing = query.missingTable(name);
    return failureAt(failure, missing.code, missing.message);
  }
  if (subtype === 'COLUMN_NOT_FOUND' || MISSING_COLUMN.test(message))
    return failureAt(
      failure,
      'COLUMN_NOT_FOUND',
      `Column '${name.toLowerCase()}' cannot be resolved or requester is not authorized to access requested resources`,
    );
  if (/^Ambiguous reference/.test(message))
    return failureAt(failure, 'AMBIGUOUS_NAME', `Column '${name}' is ambiguous`);
  if (/^column "?.*?"? must appear in the GROUP BY/.test(message))
    return failureAt(
      failure,
      'EXPRESSION_NOT_AGGREGATE',
      `'${name}' must be an aggregate expression or appear in GROUP BY clause`,
    );
  return undefined;
}

/** The error of a function that does not exist, or not with these types. */
function functionFailure(failure: Failure): StatementError | undefined {
  const [, called, types = ''] =
    /(?:argument types '|the function call ")(.*?)\((.*?)\)['"]/.exec(failure.message) ?? [];
  if (called === undefined || !/^\w+$/.test(called)) return undefined;
  const known = called.replace(/^trino_/, '').replace(/_days$|(?<=^date_add)_of_[a-z]+$/, '');
  const parameterTypes = types
    .toLowerCase()
    .replaceAll(/integer_literal/g, 'integer')
    .replaceAll(/string_literal/g, 'varchar');
  return failureAt(
    failure,
    'FUNCTION_NOT_FOUND',
    `Unexpected parameters (${parameterTypes}) for function ${known}`,
  );
}

/** Any other error: of a value, of a file, or in DuckDB's own sentence. */
function otherFailure(failure: Failure): StatementError {
  const { type, message, query, error } = failure;
  const [sentence = message] = message.split('\n');
  if (type === 'Conversion') return statementError('INVALID_CAST_ARGUMENT', sentence, undefined, error);
  if (type === 'Out of Range')
    return statementError('NUMERIC_VALUE_OUT_OF_RANGE', sentence, undefined, error);
  const file = /["' ](\/[^"'\n]*?)["']?(?:[:.,]?(?:\s|$))/.exec(message)?.[1];
  const location = file === undefined ? undefined : query.locationOf(file);
  if (location !== undefined && /magic|[Pp]arquet|snappy|zstd|footer|thrift/.test(message))
    return statementError('HIVE_BAD_DATA', `Not valid Parquet file: ${location}`, undefined, error);
  const shown = file === undefined || location === undefined ? sentence : sentence.replace(file, location);
  return type === 'Binder'
    ? failureAt(failure, 'SYNTAX_ERROR', shown)
    : statementError('GENERIC_USER_ERROR', shown, undefined, error);
}

/** DuckDB's sentences for a column or a field that does not exist. */
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

/** A place in the user's text. */
interface StatementPlace {
  /** The user's whole statement. */
  readonly sql: string;
  /** Characters before the place. */
  readonly offset: number;
}

/** The place of an error in the user's text; undefined if DuckDB states none there. @param position Bytes of DuckDB's text. */
function statementPosition(
  position: string | undefined,
  { sql, shift, translation, prefix }: FailedQuery,
): StatementPlace | undefined {
  const index = Number(position) - prefix;
  // A position beyond the translation is in a view or a macro, which the user has not written.
  if (position === undefined || index < 0 || index >= Buffer.byteLength(translation.sql)) return undefined;
  const characters = Buffer.from(translation.sql).subarray(0, index).toString('utf8').length;
  return { sql, offset: shift + translation.offsetOf(characters) };
}

/** The word at an offset of the statement. DuckDB's own name for it may come from the translation. */
function wordAt({ sql }: FailedQuery, offset = sql.length): string | undefined {
  return /^(?:\w+|\S)/u.exec(sql.slice(offset))?.[0];
}

/** The name at an offset of the user's text, with its qualifiers and without quotes. */
function nameAt({ sql }: FailedQuery, offset: number | undefined): string | undefined {
  if (offset === undefined) return undefined;
  const name = /^(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+))*/u.exec(
    sql.slice(offset),
  );
  return name?.[0].replaceAll(/"((?:[^"]|"")*)"/g, '$1');
}
