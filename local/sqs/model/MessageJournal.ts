import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Message, messageSchema } from './Message.ts';

/** Lines behind the last rewrite before the next is worth it, and how many for each message that is left. */
const REWRITE_LINES = 1_000;
const REWRITE_RATIO = 4;

const lineSchema = z.union([
  z.strictObject({ put: z.array(messageSchema) }),
  z.strictObject({ gone: z.array(z.string()) }),
]);

type Line = z.output<typeof lineSchema>;

/**
 * What a queue holds, on disk: an append-only file of changes, one JSON line each, rewritten when it is
 * opened and when it has grown far beyond what is left. A line is written before the change is answered, so
 * a process that is killed loses nothing it has acknowledged; a last line cut off by a kill is one that
 * never was.
 */
export class MessageJournal {
  readonly #file: string;
  #descriptor: number;
  #lines = 0;

  private constructor(file: string, messages: ReadonlyMap<string, Message>) {
    this.#file = file;
    this.#descriptor = this.#rewrite(messages);
  }

  /** Opens the journal, or starts it, and answers what it holds, in the order in which it was sent. */
  static open(file: string): { readonly journal: MessageJournal; readonly messages: Map<string, Message> } {
    mkdirSync(dirname(file), { recursive: true });
    const messages = new Map<string, Message>();
    for (const text of readLines(file)) {
      apply(messages, lineSchema.parse(JSON.parse(text)));
    }
    return { journal: new MessageJournal(file, messages), messages };
  }

  /** Writes down messages that are new or changed. */
  put(messages: readonly Message[], left: ReadonlyMap<string, Message>): void {
    if (messages.length > 0) this.#append({ put: messages.map((message) => ({ ...message })) }, left);
  }

  /** Writes down that messages are gone. */
  remove(ids: readonly string[], left: ReadonlyMap<string, Message>): void {
    if (ids.length > 0) this.#append({ gone: [...ids] }, left);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #append(line: Line, left: ReadonlyMap<string, Message>): void {
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
    this.#lines += 1;
    if (this.#lines <= REWRITE_LINES || this.#lines <= REWRITE_RATIO * left.size) return;
    // `left` is the queue before this change; it is applied so that the rewritten file has it.
    const messages = new Map(left);
    apply(messages, line);
    closeSync(this.#descriptor);
    this.#descriptor = this.#rewrite(messages);
  }

  #rewrite(messages: ReadonlyMap<string, Message>): number {
    const beside = `${this.#file}.tmp`;
    const text = [...messages.values()].map((message) => `${JSON.stringify({ put: [message] })}\n`).join('');
    writeFileSync(beside, text);
    renameSync(beside, this.#file);
    this.#lines = 0;
    return openSync(this.#file, 'a');
  }
}

function apply(messages: Map<string, Message>, line: Line): void {
  if ('put' in line) for (const message of line.put) messages.set(message.id, message);
  else for (const id of line.gone) messages.delete(id);
}

/** The whole lines: what follows the last line break was cut off. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
