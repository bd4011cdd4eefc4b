import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { readJsonFile, writeJsonFile } from '../../disk/files.ts';
import type { PreparedStatements } from '../engine/StatementRunner.ts';

/** A prepared statement as its file has it. */
const preparedStatementSchema = z.strictObject({
  workGroup: z.string(),
  name: z.string(),
  sql: z.string(),
  description: z.string().optional(),
  /** Epoch milliseconds. */
  modifiedAt: z.number(),
});

/** A prepared statement as it is stored. */
export type PreparedStatement = Readonly<z.output<typeof preparedStatementSchema>>;

/** The prepared statements of all workgroups. A change is on disk before the response is sent. */
export class PreparedStatementStore implements PreparedStatements {
  readonly #file: string;
  readonly #clock: Clock;
  #statements: readonly PreparedStatement[];

  private constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#statements = readJsonFile(file, z.array(preparedStatementSchema)) ?? [];
  }

  /** Opens the file in `directory`, or creates it. @throws DiskError DISK_DAMAGED */
  static open(options: { readonly directory: string; readonly clock: Clock }): PreparedStatementStore {
    mkdirSync(options.directory, { recursive: true });
    return new PreparedStatementStore(join(options.directory, 'prepared-statements.json'), options.clock);
  }

  /** The text of a statement; undefined when it does not exist. */
  find(workGroup: string, name: string): string | undefined {
    return this.get(workGroup, name)?.sql;
  }

  /** A statement; undefined when it does not exist. */
  get(workGroup: string, name: string): PreparedStatement | undefined {
    return this.#statements.find((statement) => statement.workGroup === workGroup && statement.name === name);
  }

  /** The prepared statements of a workgroup, sorted by name. */
  list(workGroup: string): PreparedStatement[] {
    return this.#statements.filter((statement) => statement.workGroup === workGroup);
  }

  /** Stores a statement in place of one with its name. */
  put(workGroup: string, name: string, sql: string, description?: string): void {
    const prepared: PreparedStatement = {
      workGroup,
      name,
      sql,
      ...(description === undefined ? {} : { description }),
      modifiedAt: this.#clock.now(),
    };
    this.#write([...this.#without(workGroup, name), prepared].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }

  /** Removes a statement, if there is one. */
  remove(workGroup: string, name: string): void {
    this.#write(this.#without(workGroup, name));
  }

  /** All statements except one. */
  #without(workGroup: string, name: string): PreparedStatement[] {
    return this.#statements.filter(
      (statement) => statement.workGroup !== workGroup || statement.name !== name,
    );
  }

  /** Replaces all statements, on disk first. */
  #write(statements: readonly PreparedStatement[]): void {
    writeJsonFile(this.#file, statements);
    this.#statements = statements;
  }
}
