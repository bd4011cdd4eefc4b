import type { Redriven } from './Redrive.ts';

/** Counts what became of objects and rows over one invocation, for its one log line. */
export class Tally {
  readonly #objects: Partial<Record<Redriven['outcome'], number>> = {};
  readonly #why: Record<string, number> = {};
  readonly #log: (fields: Record<string, unknown>) => void;
  #documents = 0;

  constructor(log: (fields: Record<string, unknown>) => void) {
    this.#log = log;
  }

  /** An object that is parked has a line of its own: the alarm counts them. */
  add(key: string, redriven: Redriven): void {
    const { outcome } = redriven;
    this.#objects[outcome] = (this.#objects[outcome] ?? 0) + 1;
    if ('documents' in redriven) this.#documents += redriven.documents;
    if (outcome === 'kept') {
      const why = `${redriven.code} ${redriven.detail}`.trimEnd();
      this.#why[why] = (this.#why[why] ?? 0) + 1;
    }
    if (outcome === 'parked') {
      const { code: why, detail, to } = redriven;
      this.#log({
        level: 'error',
        event: 'redrive_parked',
        code: 'SLUICE_REDRIVE_PARKED',
        key,
        to,
        why,
        detail,
      });
    }
  }

  /** How many objects have to be tried again. */
  get kept(): number {
    return this.#objects.kept ?? 0;
  }

  fields(): Record<string, unknown> {
    return {
      objects: this.#objects,
      documents: this.#documents,
      ...(this.kept > 0 ? { kept: this.#why } : {}),
    };
  }
}
