import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../../disk/LineJournal.ts';
import { ATHENA_LIMITS } from './limits.ts';
import { resultConfigurationSchema } from './WorkGroups.ts';

/** The columns of a result, as `StatementRunner` tells them. */
const columnSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  precision: z.number(),
  scale: z.number(),
  nullable: z.enum(['NULLABLE', 'UNKNOWN', 'NOT_NULL']),
});

/** What a statement that succeeded has left in S3. */
const outcomeSchema = z.strictObject({
  /** How the object at the output location holds rows; `none` when what was written is only counted. */
  format: z.enum(['csv', 'txt', 'none']),
  columns: z.array(columnSchema).readonly(),
  updateCount: z.number().optional(),
  manifestLocation: z.string().optional(),
  outputBytes: z.number(),
  /** Without the header row. */
  outputRows: z.number(),
});

/** A query execution, as it is kept on disk. Times are epoch milliseconds. */
const executionSchema = z.strictObject({
  id: z.string(),
  query: z.string(),
  statementType: z.enum(['DDL', 'DML', 'UTILITY']),
  substatementType: z.string(),
  catalog: z.string(),
  database: z.string().optional(),
  parameters: z.array(z.string()).readonly(),
  workGroup: z.string(),
  /** What holds for its results; `OutputLocation` is the folder that was asked for. */
  results: resultConfigurationSchema.extend({ OutputLocation: z.string() }),
  reuse: z.strictObject({ enabled: z.boolean(), maxAgeMinutes: z.number() }).optional(),
  /** Access key of whoever submitted it. */
  caller: z.string(),
  /** The client's token, and a digest of what came with it. */
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
  /** The result's object. */
  outputLocation: z.string(),
  outcome: outcomeSchema.optional(),
});

/** A query from its submission on, as it is kept. */
export type Execution = Readonly<z.output<typeof executionSchema>>;

/** What has come of a statement that succeeded. */
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** Whether nothing more will happen to it. */
export function isFinished({ state }: Pick<Execution, 'state'>): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}

/** Lines before a rewrite is worth it, and how many for each execution that is left. */
const REWRITE_LINES = 1_000;
const REWRITE_RATIO = 6;
const DAY_MS = 86_400_000;

/**
 * The history of executions, on disk: a line with all of an execution for each of its states. A line is written before
 * the change is answered.
 */
export class ExecutionJournal {
  readonly #journal: LineJournal<Execution>;
  /** In the order in which they were submitted. */
  readonly executions: Map<string, Execution>;

  private constructor(journal: LineJournal<Execution>, executions: Map<string, Execution>) {
    this.#journal = journal;
    this.executions = executions;
  }

  /**
   * Opens the journal, or starts it, without what has grown too old.
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
    opened.#forget(now);
    if (lines.length > executions.size) journal.compact([...executions.values()]);
    return opened;
  }

  keep(execution: Execution, now: number): void {
    this.#journal.append(execution);
    this.executions.set(execution.id, execution);
    if (this.#journal.lines <= REWRITE_LINES) return;
    this.#forget(now);
    if (this.#journal.lines > REWRITE_RATIO * this.executions.size) {
      this.#journal.compact([...this.executions.values()]);
    }
  }

  /** Forgets executions for good. */
  remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) this.executions.delete(id);
    this.#journal.compact([...this.executions.values()]);
  }

  close(): void {
    this.#journal.close();
  }

  #forget(now: number): void {
    const oldest = now - ATHENA_LIMITS.historyDays * DAY_MS;
    for (const { id, submittedAt } of this.executions.values()) {
      if (submittedAt >= oldest) return;
      this.executions.delete(id);
    }
  }
}
