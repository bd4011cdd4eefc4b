import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../disk/LineJournal.ts';

/** Events that a compacted journal keeps. */
const EVENTS_KEPT = 1000;

const versionSchema = z.strictObject({
  /** The template as it was given. */
  template: z.unknown(),
  /** See {@link Generations}. */
  generations: z.record(z.string(), z.int()),
  /** Directory of the functions' code. */
  codeDirectory: z.string(),
});

/** One version of a stack: what its resources are made from. */
export type StackVersion = Readonly<z.output<typeof versionSchema>>;

const statusSchema = z.enum([
  'CREATE_COMPLETE',
  'UPDATE_IN_PROGRESS',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE',
  'UPDATE_ROLLBACK_FAILED',
]);

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
export type StackStatus = z.output<typeof statusSchema>;

const deployedSchema = z.strictObject({
  name: z.string(),
  version: versionSchema,
  status: statusSchema,
  /** Why the last update failed. */
  reason: z.string().optional(),
  /** Epoch ms. */
  createdMs: z.number(),
  updatedMs: z.number().optional(),
});

/** The stack that is deployed. */
export type DeployedVersion = Readonly<z.output<typeof deployedSchema>>;

const eventSchema = z.strictObject({
  id: z.string(),
  atMs: z.number(),
  logicalId: z.string(),
  physicalId: z.string(),
  type: z.string(),
  /** `UPDATE_IN_PROGRESS`, `DELETE_SKIPPED`, … */
  status: z.string(),
  reason: z.string().optional(),
});

/** An event of a resource, or of the stack itself. */
export type StackEvent = Readonly<z.output<typeof eventSchema>>;

const lineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('deployed'), stack: deployedSchema }),
  /** An update begins. */
  z.strictObject({ op: z.literal('begin'), target: versionSchema, atMs: z.number() }),
  /** A change is about to be made. */
  z.strictObject({ op: z.literal('change'), logicalId: z.string() }),
  /** Every change is made: from now on the target is the stack, and only deletions are left. */
  z.strictObject({ op: z.literal('changed') }),
  z.strictObject({ op: z.literal('event'), event: eventSchema }),
]);
type Line = z.output<typeof lineSchema>;

/** An update that a killed process left. */
export interface InterruptedUpdate {
  readonly target: StackVersion;
  readonly beganMs: number;
  /** Logical IDs of the changes that were begun, in order. */
  readonly begun: readonly string[];
  /** Whether all of them were made. */
  readonly changed: boolean;
}

/**
 * The deployed stack, its update in progress and its events, on disk before they take effect. A process that is killed
 * during an update leaves what the next one needs to finish it or to roll it back.
 */
export class StackJournal {
  readonly #journal: LineJournal<Line>;
  #deployed: DeployedVersion | undefined;
  #interrupted: InterruptedUpdate | undefined;
  readonly #events: StackEvent[];

  private constructor(journal: LineJournal<Line>, lines: readonly Line[]) {
    this.#journal = journal;
    this.#events = lines.flatMap((line) => (line.op === 'event' ? [line.event] : []));
    for (const line of lines) this.#read(line);
  }

  /** Opens the journal in a folder, which is created when missing. @throws DiskError DISK_DAMAGED */
  static open(directory: string): StackJournal {
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'stack.jsonl');
    if (!existsSync(file)) return new StackJournal(LineJournal.create<Line>(file, []), []);
    const { journal, lines } = LineJournal.open(file, (value) => lineSchema.parse(value));
    const opened = new StackJournal(journal, lines);
    if (opened.#interrupted === undefined) opened.#compact();
    return opened;
  }

  get deployed(): DeployedVersion | undefined {
    return this.#deployed;
  }

  get interrupted(): InterruptedUpdate | undefined {
    return this.#interrupted;
  }

  /** The oldest first. */
  get events(): readonly StackEvent[] {
    return this.#events;
  }

  /** Sets the stack that is deployed. This ends an update. */
  deploy(stack: DeployedVersion): void {
    this.#write({ op: 'deployed', stack });
  }

  begin(target: StackVersion, atMs: number): void {
    this.#write({ op: 'begin', target, atMs });
  }

  beginChange(logicalId: string): void {
    this.#write({ op: 'change', logicalId });
  }

  endChanges(): void {
    this.#write({ op: 'changed' });
  }

  addEvent(event: StackEvent): void {
    this.#events.push(event);
    this.#write({ op: 'event', event });
  }

  /** Drops the stack with its events: another one takes its place. */
  clear(): void {
    this.#deployed = undefined;
    this.#interrupted = undefined;
    this.#events.length = 0;
    this.#compact();
  }

  close(): void {
    this.#journal.close();
  }

  #write(line: Line): void {
    this.#journal.append(line);
    this.#read(line);
  }

  #read(line: Line): void {
    if (line.op === 'deployed') {
      this.#deployed = line.stack;
      this.#interrupted = undefined;
    } else if (line.op === 'begin') {
      this.#interrupted = { target: line.target, beganMs: line.atMs, begun: [], changed: false };
    } else if (this.#interrupted !== undefined && line.op === 'change') {
      const { begun } = this.#interrupted;
      this.#interrupted = { ...this.#interrupted, begun: [...begun, line.logicalId] };
    } else if (this.#interrupted !== undefined && line.op === 'changed') {
      this.#interrupted = { ...this.#interrupted, changed: true };
    }
  }

  #compact(): void {
    this.#events.splice(0, this.#events.length - EVENTS_KEPT);
    this.#journal.compact([
      ...(this.#deployed === undefined ? [] : [{ op: 'deployed' as const, stack: this.#deployed }]),
      ...this.#events.map((event) => ({ op: 'event' as const, event })),
    ]);
  }
}
