import { isDeepStrictEqual } from 'node:util';

/** The demo's own audit: every figure it prints is held against another source. */
export class Checks {
  readonly #failed: string[] = [];
  #passed = 0;

  /** Holds two findings against each other, whatever the order of their keys. */
  equal(what: string, found: unknown, expected: unknown): void {
    if (isDeepStrictEqual(found, expected)) this.#passed += 1;
    else this.#failed.push(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  }

  get passed(): number {
    return this.#passed;
  }

  get failed(): readonly string[] {
    return this.#failed;
  }
}
