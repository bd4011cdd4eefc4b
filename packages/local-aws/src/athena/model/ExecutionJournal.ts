import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DAY_MS } from '../../base/clock.ts';
import { diskProblem } from '../../base/diskProblem.ts';
import { LineJournal } from '../../disk/LineJournal.ts';
import { type Execution, executionSchema } from './Execution.ts';
import { ATHENA_LIMITS } from './limits.ts';

/** The number of lines above which a rewrite may be worthwhile. */
const REWRITE_LINES = 1_000;
/** The number of lines for each remaining execution above which a rewrite is worthwhile. */
const REWRITE_RATIO = 6;

/**
 * The history of executions on disk: one line with the whole execution for each of its states. A line is written
 * before the response is sent. Only a state that a query reaches by itself may be written later, when the disk is full.
 */
export class ExecutionJournal {
  readonly #journal: LineJournal<Execution>;
  readonly #executions: Map<string, Execution>;
  /** Executions whose state is not on the disk yet, because it was full. */
  readonly #unwritten = new Set<string>();

  private constructor(journal: LineJournal<Execution>, executions: Map<string, Execution>) {
    this.#journal = journal;
    this.#executions = executions;
  }

  /** The executions by ID, in order of submission. */
  get executions(): ReadonlyMap<string, Execution> {
    return this.#executions;
  }

  /**
   * Opens the journal; creates it if it doesn't exist. Expired executions are dropped.
   *
   * @param now Epoch milliseconds.
   * @throws DiskError DISK_DAMAGED; an error of the system if the folder or the file can't be made or read.
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

  /** Stores an execution. @throws An error of the system if the disk takes no line: nothing has changed then. */
  append(execution: Execution, now: number): void {
    this.#write(execution);
    this.#executions.set(execution.id, execution);
    this.#catchUp();
    if (this.#journal.lines <= REWRITE_LINES) return;
    this.#dropExpired(now);
    if (this.#journal.lines > REWRITE_RATIO * this.#executions.size) {
      this.#journal.compact([...this.#executions.values()]);
    }
  }

  /**
   * Stores an execution whose state holds in any case.
   *
   * @throws An error of the system if the disk takes no line: the execution is written with the next one that can be.
   */
  note(execution: Execution, now: number): void {
    this.#executions.set(execution.id, execution);
    this.#unwritten.add(execution.id);
    this.append(execution, now);
  }

  /** Removes executions permanently. @throws An error of the system if the disk takes no new file: nothing has changed then. */
  remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const removed = new Set(ids);
    this.#journal.rewrite([...this.#executions.values()].filter(({ id }) => !removed.has(id)));
    this.#unwritten.clear();
    for (const id of ids) this.#executions.delete(id);
  }

  /** Writes what is not on the disk yet, if it can, and closes the file. */
  close(): void {
    this.#catchUp();
    this.#journal.close();
  }

  /** Writes the state of an execution. @throws An error of the system if the disk takes no line. */
  #write(execution: Execution): void {
    this.#journal.append(execution);
    this.#unwritten.delete(execution.id);
  }

  /** Writes the executions that found no room on the disk before. */
  #catchUp(): void {
    try {
      for (const id of this.#unwritten) {
        const execution = this.#executions.get(id);
        if (execution === undefined) this.#unwritten.delete(id);
        else this.#write(execution);
      }
    } catch (error) {
      // If the disk is full again, the next write tries again.
      if (diskProblem(error) === undefined) throw error;
    }
  }

  /** Forgets executions that are older than Athena's history. @param now Epoch milliseconds. */
  #dropExpired(now: number): void {
    const oldest = now - ATHENA_LIMITS.historyDays * DAY_MS;
    for (const { id, submittedAt } of this.#executions.values()) {
      // They are in order of submission.
      if (submittedAt >= oldest) return;
      this.#executions.delete(id);
    }
  }
}
