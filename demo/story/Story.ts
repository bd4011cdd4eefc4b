import { isDeepStrictEqual } from 'node:util';
import { textTable, writeOut } from '../../cli/output.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Cloud } from '../../local/Cloud.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/index.ts';
import type { CatalogWitness } from './catalogWitness.ts';

/** What every chapter is told with. */
export interface Story {
  readonly cloud: Cloud;
  readonly config: Config;
  readonly checks: Checks;
  readonly witness: CatalogWitness;
  /** The day that it begins on, which it goes by to its end. */
  readonly today: UtcDay;
}

/** Prints a question and the table that answers it. */
export async function ask({ cloud }: Story, question: string, sql: string): Promise<readonly QueryRow[]> {
  const rows = await runQuery(cloud.data, sql);
  say(`${question}\n${textTable(rows)}`);
  return rows;
}

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

/** A line of the story. */
export function say(text = ''): void {
  writeOut(`${text}\n`);
}

/** The title of a chapter. */
export function heading(text: string): void {
  say(`\n${text}\n${'─'.repeat(text.length)}`);
}

/** Who shops in the demo: how many sign in through each SDK, by the beginning of their user IDs. */
export const shoppers = { member: 20, visitor: 12 } as const;

/** User IDs, as the drivers of the SDKs make them. */
export function userIds(kind: keyof typeof shoppers): string[] {
  return Array.from({ length: shoppers[kind] }, (_, i) => `${kind}-${i}`);
}
