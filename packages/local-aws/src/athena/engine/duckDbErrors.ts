import { z } from 'zod';
import { TokenList, type Translation } from '../../trino/index.ts';
import { resourcesExhausted, StatementError, statementError } from './StatementError.ts';
import { doubleText } from './textFormat.ts';

/** DuckDB's errors with `errors_as_json`. */
const problemSchema = z.object({
  exception_type: z.string(),
  exception_message: z.string(),
  position: z.string().optional(),
  error_subtype: z.string().optional(),
  name: z.string().optional(),
  call: z.string().optional(),
});

type DuckDbProblem = z.output<typeof problemSchema>;

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
  /** The column names of the tables that it reads. */
  readonly columns: ReadonlySet<string>;
  /** The `s3://` location of a file. */
  readonly locationOf: (path: string) => string | undefined;
}

/** Translates an error of DuckDB into Athena's wording, with line and column in the user's text. */
export function translateDuckDbError(error: unknown, query: FailedQuery): unknown {
  if (error instanceof StatementError || !(error instanceof Error)) return error;
  const problem = readProblem(error.message);
  if (problem === undefined) return error;
  const place = statementPosition(problem, query) ?? namePosition(problem, query);
  const fail = (
    code: string,
    message: string,
    at: { readonly sql: string; readonly offset: number } | undefined = place,
  ) => statementError(code, message, at, error);
  const { exception_type: type, exception_message: message } = problem;
  const nameInText = nameAt(query, place?.offset);

  if (type === 'Parser') {
    const near = /at or near "(.*)"/s.exec(message)?.[1];
    if (near === undefined)
      return fail('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: <expression>", {
        sql: query.sql,
        offset: query.sql.trimEnd().length,
      });
    return fail('SYNTAX_ERROR', `mismatched input '${near}'. Expecting: <expression>`);
  }
  if (type === 'INTERRUPT') return statementError('USER_CANCELED', 'Query was canceled', undefined, error);
  if (type === 'Out of Memory') return resourcesExhausted(error);
  // The macros report errors as failed conversions of a message.
  const own = /'([A-Z]+_[A-Z_]+): (.*)'/s.exec(message);
  if (type === 'Conversion' && own !== null)
    return statementError(own[1] ?? '', own[2] ?? '', undefined, error);
  const catalog = /^Catalog "(.*?)" does not exist/.exec(message)?.[1];
  if (catalog !== undefined)
    return fail('CATALOG_NOT_FOUND', `Catalog '${catalog.toLowerCase()}' does not exist`);
  // DuckDB tries to open an unknown table as a file, which it may not access.
  if (/^Table with name|^No extension found that is capable|^Cannot access file/.test(message)) {
    const missing = query.missingTable(nameInText ?? problem.name ?? '');
    return fail(missing.code, missing.message);
  }
  const column =
    problem.error_subtype === 'COLUMN_NOT_FOUND' ||
    /^Referenced (?:column|table) |does not have a column named|^Could not find key|^Cannot extract field/.test(
      message,
    );
  if (column) {
    return fail(
      'COLUMN_NOT_FOUND',
      `Column '${(nameInText ?? problem.name ?? '').toLowerCase()}' cannot be resolved or requester is not authorized to access requested resources`,
    );
  }
  if (/^Ambiguous reference/.test(message))
    return fail('AMBIGUOUS_NAME', `Column '${nameInText ?? ''}' is ambiguous`);
  const ungrouped = /^column "?(.*?)"? must appear in the GROUP BY/.exec(message)?.[1];
  if (ungrouped !== undefined) {
    const alias = aliasInHaving(query, nameInText ?? ungrouped);
    if (alias !== undefined)
      return fail(
        'COLUMN_NOT_FOUND',
        `Column '${(nameInText ?? ungrouped).toLowerCase()}' cannot be resolved or requester is not authorized to access requested resources`,
        alias,
      );
    return fail(
      'EXPRESSION_NOT_AGGREGATE',
      `'${nameInText ?? ungrouped}' must be an aggregate expression or appear in GROUP BY clause`,
    );
  }
  if (/clause cannot contain (?:aggregates|window functions)/.test(message)) {
    return fail(
      'EXPRESSION_NOT_SCALAR',
      `${message.split(' ')[0]} clause cannot contain aggregations, window functions or grouping operations`,
    );
  }
  const call = /(?:argument types '|the function call ")(.*?)\((.*?)\)['"]/.exec(message);
  if (call !== null) {
    const at = place ?? onlyCall(query, call[1] ?? '');
    return callError(call[1] ?? '', call[2] ?? '', (code, text) => fail(code, text, at));
  }
  const macro =
    /^Macro "?(?:trino_)?(.*?)(?:_days|(?<=date_add)_of_[a-z]+)?"?\(\) (?:does not support|has multiple)/.exec(
      message,
    )?.[1];
  if (macro !== undefined)
    return fail('FUNCTION_NOT_FOUND', `Unexpected parameters for function ${macro.toLowerCase()}`);
  const compared = /Cannot compare values of type (.*?) and (?:type )?(.*?)(?: in| -|$)/.exec(message);
  if (compared !== null)
    return fail(
      'TYPE_MISMATCH',
      `Cannot apply operator: ${trinoType(compared[1])} = ${trinoType(compared[2])}`,
    );
  if (/INT128 .*out of range for the destination type INT32/.test(message))
    return statementError('GENERIC_INTERNAL_ERROR', 'integer overflow', undefined, error);
  const cast = castError(message);
  if (cast !== undefined) return statementError(...cast, undefined, error);
  const overflow = overflowMessage(message);
  if (overflow !== undefined) return statementError('NUMERIC_VALUE_OUT_OF_RANGE', overflow, undefined, error);
  if (type === 'Conversion')
    return statementError(
      'INVALID_CAST_ARGUMENT',
      firstLine(message).replace(
        /^Could not convert string (.*) to .*$/s,
        'Cannot cast $1 to the type asked for',
      ),
      undefined,
      error,
    );
  if (type === 'Out of Range')
    return statementError('NUMERIC_VALUE_OUT_OF_RANGE', firstLine(message), undefined, error);
  const file =
    /(?:in file|of file|file) ["']?(\/[^"'\n]*?)["']?(?:[:.,]?(?:\s|$))/.exec(message)?.[1] ??
    /["'](\/[^"'\n]+)["']/.exec(message)?.[1];
  const location = file === undefined ? undefined : query.locationOf(file);
  if (location !== undefined && file !== undefined) {
    const bad = /magic|[Pp]arquet|snappy|zstd|footer|thrift/.test(message);
    return statementError(
      bad ? 'HIVE_BAD_DATA' : 'HIVE_CANNOT_OPEN_SPLIT',
      bad
        ? `Not valid Parquet file: ${location} expected magic number: PAR1`
        : `Error opening Hive split ${location}`,
      undefined,
      error,
    );
  }
  if (type === 'Binder') return fail('SYNTAX_ERROR', firstLine(message));
  return statementError('GENERIC_USER_ERROR', firstLine(message), undefined, error);
}

/** Trino's whole numbers by their bits. */
const WHOLE_TYPES: Readonly<Record<string, string>> = {
  8: 'tinyint',
  16: 'smallint',
  32: 'integer',
  64: 'bigint',
  128: 'bigint',
};

/**
 * The error of a number that its new type does not hold. Only texts that are numbers come here.
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/type/DoubleOperators.java
 */
function castError(message: string): readonly [code: string, message: string] | undefined {
  const [, text, size = ''] = /^Could not convert string '(-?\d+)' to INT(\d+)/.exec(message) ?? [];
  if (text !== undefined)
    return [
      'INVALID_CAST_ARGUMENT',
      `Cannot cast '${text}' to ${(WHOLE_TYPES[size] ?? '').toUpperCase().replace('EGER', '')}`,
    ];
  const [, from, value = '', bits = ''] =
    /^Type (INT(?:8|16|32|64)|FLOAT|DOUBLE) with value (\S+) .*out of range for the destination type INT(\d+)/.exec(
      message,
    ) ?? [];
  const type = WHOLE_TYPES[bits];
  if (from === undefined || type === undefined) return undefined;
  const written = from.startsWith('INT')
    ? value
    : doubleText(Number(value.replace(/^(-?)inf/, '$1Infinity')), from === 'FLOAT');
  if (written === 'NaN' && type !== 'bigint')
    return ['INVALID_CAST_ARGUMENT', `Cannot cast ${from === 'FLOAT' ? 'real' : 'double'} NaN to ${type}`];
  return type === 'bigint'
    ? ['INVALID_CAST_ARGUMENT', `Unable to cast ${written} to bigint`]
    : ['NUMERIC_VALUE_OUT_OF_RANGE', `Out of range for ${type}: ${written}`];
}

/** Trino's smallest type with a value. */
function wholeTypeOf(value: string): string {
  const bits = [8, 16, 32].find((size) => BigInt.asIntN(size, BigInt(value)) === BigInt(value));
  return WHOLE_TYPES[bits ?? 64] ?? 'bigint';
}

/** Why a number is beyond its type, in Trino's words: `IntegerOperators` and its neighbours. */
function overflowMessage(message: string): string | undefined {
  const [, operator, bits = '', values] =
    /^Overflow in (addition|subtraction|multiplication) of INT(\d+) \((.*?)\)/.exec(message) ?? [];
  if (operator !== undefined) return `${WHOLE_TYPES[bits] ?? 'bigint'} ${operator} overflow: ${values}`;
  const sum = /^Type INT128 with value (-?\d+) .*out of range for the destination type INT64/.exec(
    message,
  )?.[1];
  if (sum !== undefined) return `bigint addition overflow: ${sum}`;
  const divided = /^Overflow in division of (-?\d+) \/ -1/.exec(message)?.[1];
  if (divided !== undefined) return `${wholeTypeOf(divided)} division overflow: ${divided} / -1`;
  const positive = /^Overflow on abs\((-?\d+)\)/.exec(message)?.[1];
  if (positive !== undefined) return `Value ${positive} is out of range for abs(${wholeTypeOf(positive)})`;
  return /^Overflow in negation/.test(message) ? 'negation overflow' : undefined;
}

/** Parses DuckDB's error. Parser errors have their kind as a prefix: `Parser Error: {…}`. */
function readProblem(text: string): DuckDbProblem | undefined {
  try {
    return problemSchema.parse(JSON.parse(text.replace(/^[A-Z][\w ]* Error: (?=\{)/, '')));
  } catch {
    return undefined;
  }
}

function statementPosition(
  { position }: DuckDbProblem,
  { sql, shift, translation, prefix }: Pick<FailedQuery, 'sql' | 'shift' | 'translation' | 'prefix'>,
) {
  const index = Number(position) - prefix;
  // A position beyond the translation is in a view or a macro, which the user did not write.
  if (position === undefined || index < 0 || index >= Buffer.byteLength(translation.sql)) return undefined;
  const characters = Buffer.from(translation.sql).subarray(0, index).toString('utf8').length;
  return { sql, offset: shift + translation.offsetOf(characters) };
}

/**
 * Where the operand of a `||` that DuckDB refuses stands in the user's text, when it is an element of the array beside it.
 * Undefined for other errors.
 */
export function elementOffset(error: unknown, translation: Translation): number | undefined {
  const problem = error instanceof Error ? readProblem(error.message) : undefined;
  const [, left = '', right = ''] =
    /^Cannot concatenate types (.*?) and (.*?) - /.exec(problem?.exception_message ?? '') ?? [];
  if (problem === undefined || !(isElement(left, right) || isElement(right, left))) return undefined;
  return statementPosition(problem, { sql: translation.sql, shift: 0, translation, prefix: 0 })?.offset;
}

const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/** Whether an array has elements of a type, both by DuckDB's names. */
function isElement(type: string, array: string): boolean {
  const item = array.endsWith('[]') ? array.slice(0, -2) : undefined;
  return item !== undefined && (item === type || (NUMBER.test(item) && NUMBER.test(type)));
}

/** The position of a column, with its qualifiers, that DuckDB reports without one. */
function namePosition({ exception_message: message }: DuckDbProblem, { sql, shift }: FailedQuery) {
  const name = /^Could not find key "(.*?)"/.exec(message)?.[1];
  if (name === undefined) return undefined;
  const list = new TokenList(sql.slice(shift));
  const found = list.tokens.findIndex(({ value }) => value.toLowerCase() === name);
  let first = found;
  while (first > 1 && list.symbol(first - 1) === '.') first -= 2;
  return found < 0 ? undefined : { sql, offset: shift + list.offset(first) };
}

/** The position of a name in HAVING that is no table's column: DuckDB reports it as an ungrouped column. */
function aliasInHaving({ sql, shift, columns }: FailedQuery, name: string) {
  if (columns.has(name.toLowerCase())) return undefined;
  const list = new TokenList(sql.slice(shift));
  const having = list.tokens.findIndex((_, index) => list.word(index) === 'having');
  const found = list.tokens.findIndex(
    ({ value }, index) => index > having && value.toLowerCase() === name.toLowerCase(),
  );
  return having < 0 || found < 0 ? undefined : { sql, offset: shift + list.offset(found) };
}

/** The name at an offset of the user's text, with its qualifiers and without quotes. */
function nameAt({ sql }: FailedQuery, offset: number | undefined): string | undefined {
  if (offset === undefined) return undefined;
  const name = /^(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+))*/u.exec(
    sql.slice(offset),
  );
  return name?.[0].replaceAll(/"((?:[^"]|"")*)"/g, '$1');
}

/** The position of a function that the user calls only once. DuckDB's own position may be inside a macro. */
function onlyCall({ sql }: FailedQuery, name: string): { sql: string; offset: number } | undefined {
  const own = trinoFunctionName(name).toLowerCase();
  const calls = [...sql.matchAll(/(?<![\w."$])(\w+)\s*\(/g)].filter(
    ([, called]) => called?.toLowerCase() === own,
  );
  const [first] = calls;
  return calls.length === 1 && first !== undefined ? { sql, offset: first.index } : undefined;
}

function callError(
  name: string,
  types: string,
  fail: (code: string, message: string) => StatementError,
): StatementError {
  const argumentTypes = types.split(', ').map(trinoType);
  if (/^\W+$/.test(name))
    return fail(
      'TYPE_MISMATCH',
      `Cannot apply operator: ${argumentTypes.join(` ${name === '//' ? '/' : name} `)}`,
    );
  return fail(
    'FUNCTION_NOT_FOUND',
    `Unexpected parameters (${argumentTypes.join(', ')}) for function ${trinoFunctionName(name)}`,
  );
}

/** The user's name of a function that is implemented by a macro. */
function trinoFunctionName(name: string): string {
  return name.replace(/^trino_/, '').replace(/_days$|(?<=^date_add)_of_[a-z]+$/, '');
}

function trinoType(type = ''): string {
  const known: Readonly<Record<string, string>> = {
    INTEGER_LITERAL: 'integer',
    STRING_LITERAL: 'varchar',
    TIMESTAMP: 'timestamp(3)',
    'TIMESTAMP WITH TIME ZONE': 'timestamp(3) with time zone',
    FLOAT: 'real',
    BLOB: 'varbinary',
    HUGEINT: 'bigint',
  };
  return known[type] ?? type.toLowerCase();
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
