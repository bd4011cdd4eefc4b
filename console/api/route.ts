import * as z from 'zod';
import type { Deployment } from '../../observe/deployment.ts';

/** The input of a route. */
export interface RouteRequest<Query, Body> {
  /** The deployment, with the time of this request and a signal that is aborted when nobody waits any longer. */
  readonly deployment: Deployment;
  /** Whether this console may change something. */
  readonly mayWrite: boolean;
  /** Address of the collector; null if it is not known. */
  readonly collector: string | null;
  /** Parameters of the address. */
  readonly query: Query;
  /** Members of the body. */
  readonly body: Body;
}

/** One call of the API. */
export interface Route {
  /** Only a POST has a body, and may change something. */
  readonly method: 'GET' | 'POST';
  /** `/api/…` */
  readonly path: string;
  /** What it answers or does, for docs/reference/json.md. */
  readonly summary: string;
  /** Parameters of the address. */
  readonly query: z.ZodObject;
  /** Members of the JSON body; undefined if there is none. */
  readonly body: z.ZodObject | undefined;
  /** Whether it changes something, unless its body has {@link dryRun} and does not say false. */
  readonly writes: boolean;
  /** Whether only the local cloud has it. */
  readonly localOnly: boolean;
  /**
   * Whether a call with this body, which may be any JSON, would change something: a read-only console refuses it. Any body
   * that is not a dry run by its schema counts as a change.
   */
  changes(body: unknown): boolean;
  /** Resolves with what is answered as JSON. */
  answer(request: RouteRequest<unknown, unknown>): Promise<unknown>;
}

/** What {@link route} is told of a call. */
interface RouteOptions<Query extends z.ZodObject, Body extends z.ZodObject>
  extends Pick<Route, 'method' | 'summary'>,
    Partial<Pick<Route, 'writes' | 'localOnly'>> {
  /** The path of the call. */
  readonly path: `/api/${string}`;
  /** Default: no parameters. */
  readonly query?: Query;
  /** The body of a POST. Default: a body without members. */
  readonly body?: Body;
  /** Answers a call; what it returns or resolves with is written as JSON. */
  handle(request: RouteRequest<z.output<Query>, z.output<Body>>): unknown;
}

/** No parameters, and a body without members. */
const nothing = z.strictObject({});

/**
 * Describes one call of the API. Parameters of the address are texts: see {@link count}, {@link flag} and {@link day}.
 *
 * @example
 * route({
 *   method: 'GET', path: '/api/quarantine', summary: 'Refused events of the last hours, by reason.',
 *   query: z.strictObject({ hours: count({ usual: 24, most: 2_160 }) }),
 *   handle: ({ deployment, query }) => countQuarantine(deployment, query),
 * });
 */
export function route<Query extends z.ZodObject = typeof nothing, Body extends z.ZodObject = typeof nothing>(
  options: RouteOptions<Query, Body>,
): Route {
  const { query = nothing, body = nothing, writes = false, localOnly = false, handle, ...named } = options;
  return {
    ...named,
    query,
    body: options.method === 'POST' ? body : undefined,
    writes,
    localOnly,
    changes: (sent) => writes && !isDryRun(body, sent ?? {}),
    async answer(request) {
      const parsed = { query: query.parse(request.query), body: body.parse(request.body ?? {}) };
      // The schemas are those of the handler: zod's output type is lost by the defaults above.
      return handle({ ...request, ...parsed } as RouteRequest<z.output<Query>, z.output<Body>>);
    },
  };
}

/** Whether a body says, or leaves to its schema to say, that nothing is changed. */
function isDryRun({ shape }: z.ZodObject, sent: unknown): boolean {
  const member = z.object({ dryRun: shape['dryRun'] ?? z.never() });
  return member.safeParse(sent).data?.dryRun === true;
}

/** What a number in an address may be. */
interface CountLimits {
  /** What is counted, for docs/reference/json.md. Default: the name of the parameter says it. */
  readonly what?: string;
  /** The number without the parameter. */
  readonly usual: number;
  /** The least number. Default 1. */
  readonly least?: number;
  /** The greatest number. */
  readonly most: number;
}

/** A whole number in an address. */
export function count({ what, usual, least = 1, most }: CountLimits): z.ZodType<number> {
  const range = `whole number from ${least} to ${most}, ${usual} by default`;
  return z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .default(usual)
    .describe(what === undefined ? range : `${what}: ${range}`);
}

/** `true` or `false` in an address; false by default. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')
  .describe('true or false, the default');

/** A UTC day in an address or a body. The days around it must have a name, too, so it is neither of the first nor of the last. */
export const day = z.iso
  .date()
  .refine((value) => value >= '1970-01-01' && value < '9999-01-01', 'expected a day from 1970 to 9998')
  .describe('day, YYYY-MM-DD');

/** A time of a {@link day}, epoch milliseconds. */
export const dayTimes = z
  .number()
  .min(0, 'expected a time from 1970 on')
  .lt(Date.UTC(9999, 0), 'expected a time before 9999');

/** Characters of a text in an address: names and IDs are far shorter. */
const MOST_TEXT = 4_096;

/**
 * A text in an address that is not empty.
 *
 * @param meaning For docs/reference/json.md.
 * @param most Characters at most.
 */
export function text(meaning: string, most = MOST_TEXT): z.ZodString {
  return z.string().min(1).max(most).describe(meaning);
}

/** `next` of the page before. */
export const cursor = text('`next` of the page before').optional();

/** Whether a call that changes something only says what it would do; true by default. */
export const dryRun = z.boolean().default(true).describe('only answer what would happen; true by default');
