import { StatementError } from '../athena/engine/StatementError.ts';
import type {
  AthenaColumn,
  StatementContext,
  StatementKind,
  StatementResult,
  StatementRunner,
} from '../athena/engine/StatementRunner.ts';

/** The column of a text. */
export const textColumn = (name: string): AthenaColumn => ({
  name,
  type: 'varchar',
  precision: 2_147_483_647,
  scale: 0,
  nullable: 'UNKNOWN',
});

/** The kind of every scripted statement. */
const SELECT = { statementType: 'DML', substatementType: 'SELECT' } as const;

/** The result of a scripted statement. Defaults are the values of a SELECT without rows. */
type Script = Partial<StatementResult>;

/** Scripts by name. */
type Scripts = Readonly<Record<string, (context: StatementContext) => Promise<Script> | Script>>;

/**
 * A runner that runs no SQL: statements begin with the name of a script, which decides what they answer and when. It is for tests
 * of the order of events. What depends on SQL is tested with the real engine.
 */
export class ScriptedRunner implements StatementRunner {
  /** The statements that ran, in their order. */
  readonly ran: { readonly sql: string; readonly context: StatementContext }[] = [];
  /** Whether it was closed. */
  closed = false;
  readonly #scripts: Scripts;

  constructor(scripts: Scripts = {}) {
    this.#scripts = scripts;
  }

  /** Takes any text for a SELECT. @throws StatementError for one that begins with `SELEC `. */
  classify(sql: string): StatementKind {
    if (sql.startsWith('SELEC ')) {
      throw new StatementError("SYNTAX_ERROR: line 1:1: mismatched input 'SELEC'", { type: 1006 });
    }
    return SELECT;
  }

  /** Runs the script that the first word names; no script answers no rows. */
  async run(sql: string, context: StatementContext): Promise<StatementResult> {
    this.ran.push({ sql, context });
    const name = sql.split(' ')[0] ?? '';
    const script = Object.hasOwn(this.#scripts, name) ? await this.#scripts[name]?.(context) : undefined;
    return {
      ...SELECT,
      columns: [textColumn('a')],
      rows: chunks([]),
      scannedBytes: () => 0,
      output: 'csv',
      ...script,
    };
  }

  /** Remembers that it was closed. */
  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Chunks of rows as a runner returns them. */
export async function* chunks(
  all: Iterable<readonly (readonly (string | null)[])[]>,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  yield* all;
}
