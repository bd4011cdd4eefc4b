import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { LineJournal } from '../../disk/LineJournal.ts';
import { type Execution, executionSchema } from './Execution.ts';
import { ATHENA_LIMITS } from './limits.ts';

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
   * @throws DiskError SLUICE_DISK_DAMAGED
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
