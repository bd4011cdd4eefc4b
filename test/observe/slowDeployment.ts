import * as z from 'zod';
import { HOUR_MS } from '../../lib/base/time.ts';
import type { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { requestsAnsweredBy, type SentAnswer, type SentRequest } from '../harness/answering.ts';

/** What each call takes, milliseconds. */
const LATENCY_MS = 40;

/** Objects of a bucket by their keys. */
export type Objects = Pick<ReadonlyMap<string, string>, 'get'>;

/** What {@link slowDeployment} has. */
interface SlowDeploymentOptions {
  /** The configuration. Its bucket is `own`. */
  readonly config: ReturnType<typeof defineConfig>;
  /** The time of the deployment, epoch milliseconds. */
  readonly now: number;
  /** What the bucket has. */
  readonly objects: Objects;
  /** Folders of days that the bucket lists. Default: none. */
  readonly folders?: readonly string[];
  /** Keys of files that the bucket lists, each of nine bytes with the ETag `"e"`, written an hour ago. Default: none. */
  readonly files?: readonly string[];
  /** Days that have a partition, by their table. Default: none. */
  readonly partitions?: Readonly<Record<string, readonly string[]>>;
  /** Whether Glue denies the partitions, too. */
  readonly isGlueDenied?: boolean;
}

/** An answer, and what it took. */
interface Timed<Answer> {
  readonly answer: Answer;
  /** How many calls were made one after the other. */
  readonly inTurn: number;
  /** How many calls were made at once at most. */
  readonly atOnce: number;
}

/** A deployment whose calls take time. */
interface SlowDeployment {
  readonly deployment: Deployment;
  /** Says what a question took. One is asked at a time. */
  readonly timed: <Answer>(ask: () => Promise<Answer>) => Promise<Timed<Answer>>;
}

/**
 * A deployment with the bucket's objects and folders, and a catalog with partitions. All else is denied. Each call takes
 * the same time by a clock that stands while work is done.
 */
export function slowDeployment(options: SlowDeploymentOptions): SlowDeployment {
  const clock = new CallClock();
  const requestHandler = requestsAnsweredBy(async (request) => {
    await clock.call();
    const headers = { etag: '"e"', 'last-modified': new Date(options.now).toUTCString() };
    return { ...answerOf(options, request), headers };
  });
  const stack = { service: 'sluice', stage: 'prod' };
  const about = { config: options.config, stack, isLocal: false, now: options.now };
  const deployment = openDeployment(about, {
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler,
  });
  return {
    deployment,
    async timed(ask) {
      const began = clock.now;
      clock.atOnce = 0;
      const answer = await ask();
      return { answer, inTurn: (clock.now - began) / LATENCY_MS, atOnce: clock.atOnce };
    },
  };
}

/** The request for partitions: of a table, and of which days. */
const partitionsSchema = z.object({ TableName: z.string(), Expression: z.string().default('') });

/** What S3 and Glue answer to a request. */
function answerOf(
  { objects, now, folders = [], files = [], partitions = {}, isGlueDenied = false }: SlowDeploymentOptions,
  { hostname, path, headers, query, body }: SentRequest,
): SentAnswer {
  if (hostname.startsWith('own.s3')) {
    const object = objects.get(path.slice(1));
    if (object !== undefined) return { status: 200, text: object };
    if ('policy' in query) return { status: 404, text: '<Error><Code>NoSuchBucketPolicy</Code></Error>' };
    if (path === '/')
      return {
        status: 200,
        text: listing('delimiter' in query ? { folders, now } : { files, now }, query['prefix'] ?? ''),
      };
    return { status: 404, text: '<Error><Code>NoSuchKey</Code></Error>' };
  }
  const isPartitions = headers['x-amz-target']?.endsWith('.GetPartitions') === true;
  if (isPartitions && !isGlueDenied) {
    const { TableName, Expression } = partitionsSchema.parse(
      JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)),
    );
    const [from = '', to = '9999'] = Expression.match(/\d{4}-\d\d-\d\d/g) ?? [];
    const days = (partitions[TableName] ?? []).filter((day) => day >= from && day <= to);
    const text = JSON.stringify({ Partitions: days.map((day) => ({ Values: [day] })) });
    return { status: 200, text };
  }
  return { status: 400, text: JSON.stringify({ __type: 'AccessDeniedException', message: 'denied' }) };
}

/** A page of S3's list of a folder, which has all of it. */
function listing(
  { now, folders = [], files = [] }: Pick<SlowDeploymentOptions, 'now' | 'folders' | 'files'>,
  prefix: string,
): string {
  const written = new Date(now - HOUR_MS).toISOString();
  const isBelow = (name: string) => name.startsWith(prefix);
  const prefixes = folders
    .filter(isBelow)
    .map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
  const contents = files
    .filter(isBelow)
    .map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>9</Size><ETag>"e"</ETag><LastModified>${written}</LastModified></Contents>`,
    );
  return `<ListBucketResult>${[...prefixes, ...contents].join('')}</ListBucketResult>`;
}

/** Turns of the event loop without a new call after which nothing else is to be done. */
const IDLE_TURNS = 10;

/** Time that goes on to the end of the next call once nothing else is to be done. */
class CallClock {
  /** Milliseconds since the clock began. */
  now = 0;
  /** Calls at once, at most. */
  atOnce = 0;
  #turns = 0;
  #waiting: readonly { readonly due: number; readonly go: () => void }[] = [];

  /** Resolves when a call that begins now has ended. */
  call(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#waiting.length === 0) setImmediate(this.#turn);
    this.#turns = 0;
    this.#waiting = [...this.#waiting, { due: this.now + LATENCY_MS, go: resolve }];
    this.atOnce = Math.max(this.atOnce, this.#waiting.length);
    return promise;
  }

  readonly #turn = (): void => {
    this.#turns += 1;
    if (this.#turns < IDLE_TURNS) return void setImmediate(this.#turn);
    this.#turns = 0;
    this.now = Math.min(...this.#waiting.map(({ due }) => due));
    const ended = this.#waiting.filter(({ due }) => due === this.now);
    this.#waiting = this.#waiting.filter(({ due }) => due !== this.now);
    for (const { go } of ended) go();
    if (this.#waiting.length > 0) setImmediate(this.#turn);
  };
}
