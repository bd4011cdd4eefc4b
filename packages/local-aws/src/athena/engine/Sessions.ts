import { Session } from './Session.ts';

/** Sessions, one of which is always being made ready: a new DuckDB with all functions takes longer than most queries. */
export class Sessions {
  readonly #directory: () => string;
  #spare: Promise<Session> | undefined;
  #closed = false;

  /** @param directory Names a folder that doesn't exist yet, another each time. */
  constructor(directory: () => string) {
    this.#directory = directory;
    this.#prepare();
  }

  /** A session for one statement, which closes it. */
  async take(): Promise<Session> {
    const spare = this.#spare ?? Session.open(this.#directory());
    this.#spare = undefined;
    const session = await spare;
    // Not while this one's statement needs the machine.
    session.onClose = () => this.#prepare();
    return session;
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#spare)?.close();
  }

  #prepare(): void {
    if (this.#closed || this.#spare !== undefined) return;
    const spare = Session.open(this.#directory());
    // Whoever takes it is told; nobody may.
    spare.catch(() => undefined);
    this.#spare = spare;
  }
}
