import { isDeepStrictEqual } from 'node:util';
import { GetPartitionsCommand } from '@aws-sdk/client-glue';
import { writeOut } from '../../cli/terminal/output.ts';
import { textTable } from '../../cli/terminal/tables.ts';
import type { JsonObject } from '../../lib/base/json.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/trino/index.ts';

/** Parts that every chapter of the demo uses. */
export interface Story {
  /** The local cloud that the demo runs on. */
  readonly cloud: Cloud;
  /** The configuration that it is deployed with. */
  readonly config: Config;
  /** Compares what is stored with what was sent. */
  readonly checks: Checks;
  /** The local cloud as commands see it, by real AWS clients. */
  readonly deployment: Deployment;
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
  equal(figure: string, found: unknown, expected: unknown): void {
    if (isDeepStrictEqual(found, expected)) this.#passed += 1;
    else this.#failed.push(`${figure}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  }

  /** Comparisons that found equal values. */
  get passed(): number {
    return this.#passed;
  }

  /** A sentence for each comparison that found another value. */
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

/** Posts events as an SDK does. */
export async function post({ cloud, checks }: Story, events: readonly JsonObject[]): Promise<void> {
  const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-demo', 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  });
  checks.equal('answer', status, 202);
}

/**
 * How often the demo flushes. A flush tries again what failed because of other work, such as a claim that was taken.
 */
const MOST_FLUSHES = 4;

/**
 * Moves the local cloud's clock, so that each schedule until then runs once, and waits until the resulting work is done:
 * docs/local.md, "Time".
 *
 * @param until A time in ISO 8601 with a timezone.
 * @returns `until`.
 */
export async function advanceClock({ cloud, checks }: Story, until: string): Promise<string> {
  const answer = await fetch(`${cloud.edge}/_sluice/clock`, {
    method: 'POST',
    body: JSON.stringify({ now: until }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  let left = Number.POSITIVE_INFINITY;
  for (let flushes = 0; flushes < MOST_FLUSHES && left > 0; flushes += 1)
    left = (await cloud.flush()).unregistered;
  checks.equal(`messages left at ${until}`, left, 0);
  return until;
}

/** Opens the local cloud for commands. */
export function openStoryDeployment({ cloud, config }: Pick<Story, 'cloud' | 'config'>): Deployment {
  const { region, accessKeyId, secretAccessKey } = localAccount;
  return openDeployment(
    { config, stack: { service: 'sluice', stage: 'local' }, isLocal: true, now: Date.now() },
    { region, endpoint: cloud.edge, credentials: { accessKeyId, secretAccessKey } },
  );
}

/** A registered partition of a table. */
interface StoryPartition {
  /** Values of its keys, joined by a slash. */
  readonly value: string;
  /** Its folder, `s3://…`. */
  readonly location: string;
}

/** The registered partitions of a table. */
export async function partitionsOf(
  { cloud, deployment }: Story,
  table: string,
): Promise<readonly StoryPartition[]> {
  const { Partitions = [] } = await deployment.glue.send(
    new GetPartitionsCommand({ DatabaseName: cloud.database, TableName: table }),
  );
  return Partitions.map(({ Values = [], StorageDescriptor }) => {
    const value = Values.join('/');
    const location = StorageDescriptor?.Location;
    if (location === undefined) throw new TypeError(`The partition ${value} of ${table} has no location.`);
    return { value, location };
  });
}
