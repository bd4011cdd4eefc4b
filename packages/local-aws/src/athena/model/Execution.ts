import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../../disk/LineJournal.ts';
import { ATHENA_LIMITS } from './limits.ts';
import { resultConfigurationSchema } from './workGroupConfiguration.ts';

/** A column of a result, as defined by `StatementRunner`. */
const columnSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  precision: z.number(),
  scale: z.number(),
  nullable: z.enum(['NULLABLE', 'UNKNOWN', 'NOT_NULL']),
});

/** Result of a successful statement, as written to S3. */
const outcomeSchema = z.strictObject({
  /** The format of the rows in the result's object; `none` when the statement only reports a count. */
  format: z.enum(['csv', 'txt', 'none']),
  columns: z.array(columnSchema).readonly(),
  updateCount: z.number().optional(),
  manifestLocation: z.string().optional(),
  outputBytes: z.number(),
  /** The number of rows, without the header row. */
  outputRows: z.number(),
});

/** A query execution as it is stored on disk. Times are epoch milliseconds. */
const executionSchema = z.strictObject({
  id: z.string(),
  query: z.string(),
  statementType: z.enum(['DDL', 'DML', 'UTILITY']),
  substatementType: z.string(),
  catalog: z.string(),
  database: z.string().optional(),
  parameters: z.array(z.string()).readonly(),
  workGroup: z.string(),
  /** The effective result configuration. `OutputLocation` is the requested folder. */
  results: resultConfigurationSchema.extend({ OutputLocation: z.string() }),
  reuse: z.strictObject({ enabled: z.boolean(), maxAgeMinutes: z.number() }).optional(),
  /** The access key of the caller who submitted it, and the name of its session. */
  caller: z.string(),
  session: z.string().optional(),
  /** The client's request token, and a digest of the request. */
  token: z.string().optional(),
  digest: z.string(),
  state: z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']),
  reason: z.string().optional(),
  error: z
    .strictObject({
      category: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      type: z.number(),
      retryable: z.boolean(),
    })
    .optional(),
  submittedAt: z.number(),
  startedAt: z.number().optional(),
  completedAt: z.number().optional(),
  scannedBytes: z.number(),
  /** The location of the result's object. */
  outputLocation: z.string(),
  outcome: outcomeSchema.optional(),
});

/** A submitted query, as it is stored. */
export type Execution = Readonly<z.output<typeof executionSchema>>;

/** The outcome of a successful statement. */
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** Whether the query is in a final state. */
export function isFinished({ state }: Pick<Execution, 'state'>): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}

/** The number of lines that makes a rewrite worthwhile, and the ratio of lines to remaining executions. */
const REWRITE_LINES = 1_000;
/** The number of lines for each remaining execution above which a rewrite is worthwhile. */
const REWRITE_RATIO = 6;
/** Milliseconds of a day. */
const DAY_MS = 86_400_000;

/**
 * The history of executions on disk: one line with the whole execution for each of its states. A line is written
 * before the response is sent. Only a state that a query reaches by itself may be written later, when the disk is full.
 */
export class ExecutionJournal {
  readonly #journal: LineJournal<Execution>;
  /** The executions in order of submission. */
  readonly executions: Map<string, Execution>;
  /** Executions whose state is not on the disk yet, because it was full. */
  readonly #unwritten = new Set<string>();

  private constructor(journal: LineJournal<Execution>, executions: Map<string, Execution>) {
    this.#journal = journal;
    this.executions = executions;
  }

  /**
   * Opens the journal; creates it if it doesn't exist. Expired executions are dropped.
   *
   * @param now Epoch milliseconds.
   * @throws DiskError DISK_DAMAGED
   */
  static open(file: string, now: number): ExecutionJournal {
    mkdirSync(dirname(file), { recursive: true });
    const executions = new Map<string, Execution>();
    if (!existsSync(file)) return new ExecutionJournal(LineJournal.create(file, []), executions);
    const { journal, lines } = LineJournal.open(file, (value) => executionSchema.parse(value));
    for (const line of lines) executions.set(line.id, line);
    const opened = new ExecutionJournal(journal, executions);
    opened.#dropExpired(now);
    if (lines.length > executions.size) journal.compact([...executions.values()]);
    return opened;
  }

  /** Stores an execution. If this throws, nothing has changed. */
  append(execution: Execution, now: number): void {
    this.#write(execution);
    this.executions.set(execution.id, execution);
    this.#catchUp();
    if (this.#journal.lines <= REWRITE_LINES) return;
    this.#dropExpired(now);
    if (this.#journal.lines > REWRITE_RATIO * this.executions.size) {
      this.#journal.compact([...this.executions.values()]);
    }
  }

  /** Stores an execution whose state holds in any case. If this throws, it is written with the next that can be. */
  note(execution: Execution, now: number): void {
    this.executions.set(execution.id, execution);
    this.#unwritten.add(execution.id);
    this.append(execution, now);
  }

  /** Removes executions permanently. If this throws, nothing has changed. */
  remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const removed = new Set(ids);
    this.#journal.rewrite([...this.executions.values()].filter(({ id }) => !removed.has(id)));
    this.#unwritten.clear();
    for (const id of ids) this.executions.delete(id);
  }

  /** Writes what is not on the disk yet, if it can, and closes the file. */
  close(): void {
    this.#catchUp();
    this.#journal.close();
  }

  /** Writes the state of an execution. @throws Error of the disk */
  #write(execution: Execution): void {
    this.#journal.append(execution);
    this.#unwritten.delete(execution.id);
  }

  /** Writes the executions that found no room on the disk before. */
  #catchUp(): void {
    try {
      for (const id of this.#unwritten) {
        const execution = this.executions.get(id);
        if (execution === undefined) this.#unwritten.delete(id);
        else this.#write(execution);
      }
    } catch {
      // The disk is full again, so the next write tries again.
    }
  }

  /** Forgets executions that are older than Athena's history. @param now Epoch milliseconds. */
  #dropExpired(now: number): void {
    const oldest = now - ATHENA_LIMITS.historyDays * DAY_MS;
    for (const { id, submittedAt } of this.executions.values()) {
      if (submittedAt >= oldest) return;
      this.executions.delete(id);
    }
  }
}
