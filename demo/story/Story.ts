import { isDeepStrictEqual } from 'node:util';
import { textTable, writeOut } from '../../cli/terminal/output.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/index.ts';
import type { CatalogWitness } from './catalogWitness.ts';

/** What every part of the demo works with. */
export interface Story {
  readonly cloud: Cloud;
  readonly config: Config;
  readonly checks: Checks;
  readonly witness: CatalogWitness;
  /** The day on which the demo begins. */
  readonly today: UtcDay;
}

/** Prints a question and the table that answers it. */
export async function ask({ cloud }: Story, question: string, sql: string): Promise<readonly QueryRow[]> {
  const rows = await runQuery(cloud.data, sql);
  say(`${question}\n${textTable(rows)}`);
  return rows;
}

/** The demo's audit: every figure that it prints is compared with another source. */
export class Checks {
  readonly #failed: string[] = [];
  #passed = 0;

  /** Compares two values, whatever the order of their keys. */
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

/** Prints a line. */
export function say(text = ''): void {
  writeOut(`${text}\n`);
}

/** Prints the heading of a part. */
export function heading(text: string): void {
  say(`\n${text}\n${'─'.repeat(text.length)}`);
}

/** The shoppers of the demo: how many sign in through each SDK, by the prefix of their user IDs. */
export const shoppers = { member: 20, visitor: 12 } as const;

/** The user IDs that the drivers of the SDKs use. */
export function userIds(kind: keyof typeof shoppers): string[] {
  return Array.from({ length: shoppers[kind] }, (_, i) => `${kind}-${i}`);
}
