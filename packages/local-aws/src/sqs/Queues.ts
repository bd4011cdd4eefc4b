import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Alarm, type LocalClock, MINUTE_MS } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { fileNameOf, readJsonFile, writeJsonFile } from '../disk/files.ts';
import { queueDoesNotExist } from './errors.ts';
import { Queue } from './Queue.ts';
import { type QueueSettings, queueNameSchema, queueSettingsSchema } from './queueSettings.ts';

/** The file of a queue's settings in its folder. */
const QUEUE_FILE = 'queue.json';
/** The journal of a queue's messages in its folder. */
const MESSAGES_FILE = 'messages.jsonl';

/** A queue as its file has it. */
const queueFileSchema = z.strictObject({
  name: queueNameSchema,
  createdAt: z.number(),
  settings: queueSettingsSchema,
});

/** What a queue holds at one time. */
export interface QueueMinute {
  /** The queue's name. */
  readonly queue: string;
  /** Messages that can be received. */
  readonly visible: number;
  /** Messages that were received and are hidden. */
  readonly inFlight: number;
  /** Age of the oldest message, milliseconds; 0 without a message. */
  readonly oldestMs: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Options to open {@link Queues}. */
interface QueuesOptions {
  /** Folder with one folder for each queue. */
  readonly directory: string;
  /** The clock of all queues. */
  readonly clock: LocalClock;
  /** The region of the queues. */
  readonly region: string;
  /** The account of the queues: twelve digits. */
  readonly account: string;
  /** Called once a minute for each queue with messages, and once more when it is empty. Default: not called. */
  readonly onMinute?: (minute: QueueMinute) => void;
}

/**
 * The account's queues in one region, with their messages, stored in a directory.
 *
 * @example
 * const queues = Queues.open({ directory: 'data/sqs', clock: realClock, region: 'us-east-1', account: '000000000000' });
 * queues.ensure('partitions', queueProperties({ VisibilityTimeout: 60 }).settings).send('{}');
 */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, Queue>();
  /** Queues that had messages when they were measured last. */
  #busy = new Set<string>();
  #alarm: Alarm | undefined;

  private constructor(options: QueuesOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
    for (const folder of readdirSync(options.directory).sort()) {
      const queue = readJsonFile(join(options.directory, folder, QUEUE_FILE), queueFileSchema);
      // A folder without its file is left when creating a queue is interrupted.
      if (queue === undefined) continue;
      this.#open(queue.name, queue.createdAt, queue.settings);
    }
  }

  /** Opens the queues in a directory. Only one process at a time may have it open. @throws DiskError DISK_DAMAGED */
  static open(options: QueuesOptions): Queues {
    return new Queues(options);
  }

  /** All queues, ordered by name. */
  all(): Queue[] {
    return [...this.#queues.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** The queue of a name. @throws AwsError QueueDoesNotExist */
  byName(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw queueDoesNotExist();
    return queue;
  }

  /** The queue of an ARN. @throws AwsError QueueDoesNotExist */
  byArn(arn: string): Queue {
    const queue = this.all().find((candidate) => candidate.arn === arn);
    if (queue === undefined) throw queueDoesNotExist();
    return queue;
  }

  /** The queue of a URL or of a name. As on AWS, the host is ignored. @throws AwsError QueueDoesNotExist */
  byUrl(url: string): Queue {
    if (queueNameSchema.safeParse(url).success) return this.byName(url);
    const [account, name, ...surplus] = pathOf(url).split('/').slice(1);
    if (account !== this.#options.account || name === undefined || surplus.length > 0)
      throw queueDoesNotExist();
    return this.byName(name);
  }

  /** A queue's URL at an endpoint such as `http://127.0.0.1:4566`. */
  urlOf(name: string, endpoint: string): string {
    return `${endpoint}/${this.#options.account}/${name}`;
  }

  /** `arn:aws:sqs:<region>:<account>:<name>` */
  arnOf(name: string): string {
    return `arn:aws:sqs:${this.#options.region}:${this.#options.account}:${name}`;
  }

  /** Creates the queue, or applies these settings, as a stack update does. Its messages stay. */
  ensure(name: string, settings: QueueSettings): Queue {
    const existing = this.#queues.get(name);
    if (existing === undefined) return this.#write(name, settings);
    if (!isDeepStrictEqual(existing.settings, settings)) {
      this.#writeFile(name, existing.createdAt, settings);
      existing.configure(settings);
    }
    return existing;
  }

  /** Whether there is a queue of this name. */
  has(name: string): boolean {
    return this.#queues.has(name);
  }

  /** Deletes a queue with its messages. @throws AwsError QueueDoesNotExist */
  delete(name: string): void {
    const queue = this.byName(name);
    // The settings go first: if this process is killed now, a folder without them is no queue.
    rmSync(join(this.#folderOf(name), QUEUE_FILE), { force: true });
    this.#queues.delete(name);
    queue.close();
    try {
      this.#removeFolder(name);
    } catch (error) {
      // The queue is gone. The next queue of its name removes what is left of the folder.
      reportDefect(error);
    }
  }

  /** The folder of a queue. */
  #folderOf(name: string): string {
    return join(this.#options.directory, fileNameOf(name));
  }

  /** Removes the folder of a queue. */
  #removeFolder(name: string): void {
    rmSync(this.#folderOf(name), { recursive: true, force: true });
  }

  /** Closes every file. */
  close(): void {
    this.#alarm?.cancel();
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
  }

  /** Creates a queue, on disk first. */
  #write(name: string, settings: QueueSettings): Queue {
    const createdAt = this.#options.clock.now();
    // A kill may have left messages of a queue that was deleted.
    this.#removeFolder(name);
    this.#writeFile(name, createdAt, settings);
    return this.#open(name, createdAt, settings);
  }

  /** Writes the settings of a queue. */
  #writeFile(name: string, createdAt: number, settings: QueueSettings): void {
    const folder = this.#folderOf(name);
    mkdirSync(folder, { recursive: true });
    writeJsonFile(join(folder, QUEUE_FILE), { name, createdAt, settings });
  }

  /** Opens a queue with the messages that are on disk. */
  #open(name: string, createdAt: number, settings: QueueSettings): Queue {
    const queue = new Queue({
      name,
      arn: this.arnOf(name),
      settings,
      createdAt,
      file: join(this.#folderOf(name), MESSAGES_FILE),
      clock: this.#options.clock,
      giveUp: (targetArn, messages) => {
        const target = this.all().find(({ arn }) => arn === targetArn);
        target?.adopt(messages);
        return target !== undefined;
      },
      onStored: () => this.#wake(),
    });
    this.#queues.set(name, queue);
    return queue;
  }

  /** Sets the alarm that reports the queues, unless it is set. */
  #wake(): void {
    const { clock, onMinute } = this.#options;
    if (onMinute !== undefined) this.#alarm ??= clock.after(MINUTE_MS, () => this.#measure(onMinute));
  }

  /** Reports what queues hold that have messages or had some at the last report. */
  #measure(report: NonNullable<QueuesOptions['onMinute']>): void {
    this.#alarm = undefined;
    const at = this.#options.clock.now();
    const before = this.#busy;
    this.#busy = new Set(this.all().flatMap((queue) => (queue.pending() > 0 ? [queue.name] : [])));
    for (const queue of this.all()) {
      if (!this.#busy.has(queue.name) && !before.has(queue.name)) continue;
      const { visible, inFlight } = queue.counts();
      report({ queue: queue.name, visible, inFlight, oldestMs: at - (queue.oldestSentAt() ?? at), at });
    }
    if (this.#busy.size > 0) this.#wake();
  }
}

/** The path of a URL. @throws AwsError QueueDoesNotExist for a text that is no URL. */
function pathOf(url: string): string {
  try {
    return new URL(url).pathname;
  } catch {
    throw queueDoesNotExist();
  }
}
