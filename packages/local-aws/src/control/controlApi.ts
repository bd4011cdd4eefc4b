import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { diskProblem } from '../base/diskProblem.ts';
import { ControlError, LocalAwsError } from '../base/errors.ts';
import type { MovableClock } from '../base/MovableClock.ts';
import type { Feed } from '../feed/Feed.ts';
import type { Firehose } from '../firehose/index.ts';
import { moveClock, readClock } from './clockCalls.ts';
import { type CredentialIssuer, issueCredentials } from './issueCredentials.ts';
import { parseBody } from './parseBody.ts';
import { type SetFaultsContext, setFaults } from './setFaults.ts';
import type { FlushReport, LocalAwsStatus } from './status.ts';

/** How the control API words its status and its report of a flush. */
export interface ControlPresentation {
  /** Default: the status as it is. */
  readonly status?: (status: LocalAwsStatus) => unknown;
  /** Default: the report as it is. */
  readonly flush?: (report: FlushReport) => unknown;
}

/** The parts of the local cloud that the control API drives. */
export interface Controlled extends SetFaultsContext {
  /** Reads the status of the cloud. */
  readonly status: () => LocalAwsStatus;
  /** Delivers what waits in buffers and queues. */
  readonly flush: () => Promise<FlushReport>;
  /** Finds records that wait in the buffers of streams. */
  readonly searchBuffers: Firehose['search'];
  /** What functions and streams have written. */
  readonly feed: Pick<Feed, 'read'>;
  /** Runs a query in DuckDB's dialect. */
  readonly query: (sql: string, options: { most: number; signal: AbortSignal }) => Promise<unknown>;
  /** The clock of the cloud, which a call can move. */
  readonly clock: MovableClock;
  /** Issues keys of roles and users of the template. */
  readonly issuer: CredentialIssuer;
}

/** Bounds of a call's members, of our own choice: an answer fits into memory, and a wait ends before a client's timeout. */
const LIMITS = {
  /** Documents of a search. */
  documents: 1_000,
  /** Characters of a query: as many as Athena takes. */
  sqlCharacters: 262_144,
  /** Rows of a query. */
  rows: 10_000,
  /** Items of the feed before now, and in one answer. */
  lastItems: 10_000,
  items: 5_000,
  /** How long a read of the feed waits for an item, milliseconds. */
  waitMs: 30_000,
} as const;

/** The body of a search in the streams' buffers. */
const searchSchema = z.strictObject({
  contains: z.string().min(1),
  most: z.int().min(1).max(LIMITS.documents).default(100),
});

/** The body of a query, and how many rows are answered. */
const querySchema = z.strictObject({
  sql: z.string().min(1).max(LIMITS.sqlCharacters),
  most: z.int().min(1).max(LIMITS.rows).default(1_000),
});

/** A number of a query, and its bounds. */
const digits = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'a number')
    .transform(Number)
    .pipe(z.int().min(least).max(most));

/** The query of a read of the feed. */
const feedSchema = z.strictObject({
  after: z
    .string()
    .regex(/^[0-9a-f]{8}\.\d{1,15}$/, 'next of an earlier answer')
    .optional(),
  last: digits(0, LIMITS.lastItems).optional(),
  most: digits(1, LIMITS.items).default(500),
  waitMs: digits(0, LIMITS.waitMs).optional(),
});

/** How a call came. */
interface CallRequest {
  /** The parameters of the call's query. */
  readonly query: URLSearchParams;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

/** One call of the control API: it returns the answer's document. */
type Call = (controlled: Controlled, body: unknown, request: CallRequest) => unknown;

/** The calls by method and path below the control path. */
function controlCalls({ status, flush }: ControlPresentation): Readonly<Record<string, Call>> {
  return {
    'GET /status': (controlled) => (status ?? identity)(controlled.status()),
    'POST /flush': async (controlled) => (flush ?? identity)(await controlled.flush()),
    'POST /buffers': ({ searchBuffers }, body) => {
      const { contains, most } = parseBody(searchSchema, body);
      return searchBuffers(contains, most);
    },
    'POST /query': ({ query }, body, { signal }) => {
      const { sql, most } = parseBody(querySchema, body);
      return query(sql, { most, signal });
    },
    'GET /feed': ({ feed }, _, { query, signal }) => {
      const { after, last = 0, most, waitMs = 0 } = parseBody(feedSchema, Object.fromEntries(query));
      return feed.read({ after, last, most, waitMs, signal });
    },
    'GET /faults': ({ faults }) => ({ faults: faults.list() }),
    'POST /faults': (controlled, body) => {
      setFaults(controlled, body);
      return { faults: controlled.faults.list() };
    },
    'DELETE /faults': ({ faults }) => {
      faults.clear();
      return { faults: [] };
    },
    'POST /credentials': ({ issuer }, body) => issueCredentials(issuer, body),
    'GET /clock': ({ clock }) => readClock(clock),
    'POST /clock': ({ clock }, body) => moveClock(clock, body),
  };
}

/** Returns the value unchanged: the default where a caller presents answers in no other way. */
function identity(value: unknown): unknown {
  return value;
}

/** The HTTP status of an error by its kind. Default: 500. */
const STATUS: Readonly<Record<string, number>> = {
  CONTROL_UNKNOWN: 404,
  CONTROL_BODY: 400,
  CONTROL_NOT_READY: 503,
  QUERY_FAILED: 400,
  QUERY_NO_SELECT: 400,
  FIREHOSE_UNDELIVERED: 503,
};

/** Options of {@link controlApi}. */
interface ControlOptions extends ControlPresentation {
  /** The path that every call begins with, e.g. `/_local`. */
  readonly path: string;
  /** Undefined as long as the cloud is starting: calls are then answered 503. */
  readonly controlled: () => Controlled | undefined;
}

/** Answers a call, an error included. @returns true, when the answer is sent. Rejects for a defect of the emulator. */
type ControlHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The control API of the local cloud: status, flush, feed, queries, faults, clock and credentials. Shapes: the package's README. */
export function controlApi({ path, controlled, ...presentation }: ControlOptions): ControlHandler {
  const calls = controlCalls(presentation);
  return async (request, response) => {
    const [target = '', query = ''] = (request.url ?? '').split('?', 2);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      const call = target.startsWith(path)
        ? calls[`${request.method} ${target.slice(path.length)}`]
        : undefined;
      if (call === undefined) {
        const known = Object.keys(calls).join(', ');
        throw new ControlError('CONTROL_UNKNOWN', `Got ${request.method} ${target}; there are ${known}.`);
      }
      const cloud = controlled();
      if (cloud === undefined) throw new ControlError('CONTROL_NOT_READY');
      const sent = await text(request);
      const body = sent === '' ? undefined : parse(sent);
      answer(200, await call(cloud, body, { query: new URLSearchParams(query), signal: gone.signal }));
    } catch (error) {
      const problem = error instanceof LocalAwsError ? error : diskProblem(error);
      if (problem === undefined) throw error;
      const status = problem.kind.startsWith('DISK_') ? 503 : (STATUS[problem.kind] ?? 500);
      answer(status, { code: problem.code, message: problem.message, cure: problem.cure });
    }
    return true;
  };
}

/** The JSON of a call's body. @throws ControlError `CONTROL_BODY` */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ControlError('CONTROL_BODY', 'It is not JSON.', { cause: error });
  }
}
