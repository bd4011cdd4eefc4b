import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Athena } from '../athena/index.ts';
import { LAST_INSTANT_MS, LONGEST_ADVANCE_MS } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { ControlError, LocalAwsError } from '../base/errors.ts';
import type { MovableClock } from '../base/MovableClock.ts';
import type { EventBus } from '../events/index.ts';
import type { Faults } from '../faults/Faults.ts';
import { type FaultsInput, faultsSchema } from '../faults/faultsSchema.ts';
import type { Feed } from '../feed/Feed.ts';
import type { ExpiredDocuments, Firehose } from '../firehose/index.ts';
import type { Catalog } from '../glue/index.ts';
import type { AccessKeys, Credentials } from '../iam/AccessKeys.ts';
import type { ServiceRefusal } from '../iam/permissions.ts';
import { isForeignUser } from '../iam/Roles.ts';
import type { Keys } from '../kms/Keys.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The body of a call, validated. @throws ControlError CONTROL_BODY naming what is wrong and where. */
function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ControlError('CONTROL_BODY', z.prettifyError(parsed.error));
  return parsed.data;
}

/** Documents that wait in one delivery stream's buffers. */
export interface PendingDelivery {
  readonly stream: string;
  /** Documents, one a row: records that hold several are split on arrival. */
  readonly documents: number;
  readonly bytes: number;
}

/** Documents that wait in one delivery stream's buffers, and since when. */
export interface PendingBuffers extends PendingDelivery {
  /** Time at which the oldest record was accepted, ISO 8601. */
  readonly oldestArrival: string;
}

/** Result of a flush. */
export interface FlushReport {
  /** Documents that had been waiting, by stream; all of them are in S3 now. */
  readonly delivered: readonly PendingDelivery[];
  /** Messages that the functions of queues could not process: 0 unless something fails. Messages whose delay has not ended are none of them. */
  readonly undrained: number;
}

/** Status of a running local cloud. */
export interface LocalAwsStatus {
  readonly endpoint: string;
  readonly api: string | undefined;
  /** URLs by the names of their functions. Functions without a URL are left out. */
  readonly functionUrls: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly pid: number;
  readonly pending: readonly PendingBuffers[];
  /** Documents that streams dropped, because S3 did not accept them for 24 hours. */
  readonly expired: readonly ExpiredDocuments[];
  readonly queues: readonly { readonly name: string; readonly messages: number }[];
  /** Athena's. */
  readonly queries: { readonly queued: number; readonly running: number };
  /** Calls of services that the policies do not allow; undefined where policies are not enforced. */
  readonly refusals: readonly ServiceRefusal[] | undefined;
}

/** How the control API words its status and its report of a flush. */
export interface ControlPresentation {
  /** Default: the status as it is. */
  readonly status?: (status: LocalAwsStatus) => unknown;
  /** Default: the report as it is. */
  readonly flush?: (report: FlushReport) => unknown;
}

/**
 * Issues credentials to those who can have them: the roles and users of the deployment, and users of other accounts.
 */
export interface CredentialIssuer {
  readonly account: string;
  readonly principals: Pick<AccessKeys, 'issue'>;
  readonly principalsDeployed: () => readonly { readonly logicalId: string; readonly arn: string }[];
}

/** The parts of the local cloud that the control API drives. */
export interface Controlled extends SetFaultsContext {
  readonly status: () => LocalAwsStatus;
  readonly flush: () => Promise<FlushReport>;
  readonly searchBuffers: Firehose['search'];
  readonly feed: Pick<Feed, 'read'>;
  /** Runs a query in DuckDB's dialect. */
  readonly query: (sql: string, options: { most: number; signal: AbortSignal }) => Promise<unknown>;
  readonly clock: MovableClock;
  readonly permissions: CredentialIssuer;
}

/** The body of a search in the streams' buffers. */
const searchSchema = z.strictObject({
  contains: z.string().min(1),
  most: z.int().min(1).max(1_000).default(100),
});

/** The body of a query, and how many rows are answered. */
const querySchema = z.strictObject({
  sql: z.string().min(1).max(262_144),
  most: z.int().min(1).max(10_000).default(1_000),
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
  last: digits(0, 10_000).optional(),
  most: digits(1, 5_000).default(500),
  waitMs: digits(0, 30_000).optional(),
});

/** How a call came. */
interface CallRequest {
  readonly query: URLSearchParams;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

type Call = (controlled: Controlled, body: unknown, request: CallRequest) => unknown;

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
    'POST /credentials': ({ permissions }, body) => issueCredentials(permissions, body),
    'GET /clock': ({ clock }) => readClock(clock),
    'POST /clock': ({ clock }, body) => moveClock(clock, body),
  };
}

function identity(value: unknown): unknown {
  return value;
}

const STATUS: Readonly<Record<string, number>> = {
  CONTROL_UNKNOWN: 404,
  CONTROL_BODY: 400,
  CONTROL_NOT_READY: 503,
  QUERY_FAILED: 400,
  QUERY_NO_SELECT: 400,
  FIREHOSE_UNDELIVERED: 503,
};

/** Options of {@link controlApi}. */
export interface ControlOptions extends ControlPresentation {
  /** The path that every call begins with, e.g. `/_local`. */
  readonly path: string;
  /** Undefined as long as the cloud is starting: calls are then answered 503. */
  readonly controlled: () => Controlled | undefined;
}

/** The control API of the local cloud: status, flush, feed, queries, faults, clock and credentials. Shapes: the package's README. */
export function controlApi({ path, controlled, ...presentation }: ControlOptions) {
  const calls = controlCalls(presentation);
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
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

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ControlError('CONTROL_BODY', 'It is not JSON.', { cause: error });
  }
}

/** The answer to `GET` and `POST …/clock`. */
export interface ClockReport {
  /** The local cloud's time, ISO 8601. */
  readonly now: string;
  /** How far it is ahead of the machine's, milliseconds; negative when it is behind. */
  readonly offsetMs: number;
}

const instant = z.union([
  z.int().min(0).max(LAST_INSTANT_MS),
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .pipe(z.int().min(0).max(LAST_INSTANT_MS)),
]);

const moveSchema = z.union([
  z.strictObject({ now: instant }),
  z.strictObject({ advanceMs: z.int().min(1).max(LONGEST_ADVANCE_MS) }),
  z.strictObject({ real: z.literal(true) }),
]);

/** Returns the time of the local cloud. */
function readClock(clock: MovableClock): ClockReport {
  return { now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs };
}

/**
 * Moves the clock; resolves when everything that fell due has been started, and what schedules invoked has ended.
 *
 * @throws ControlError CONTROL_BODY
 */
async function moveClock(clock: MovableClock, body: unknown): Promise<ClockReport> {
  const move = parseBody(moveSchema, body);
  if ('now' in move) await clock.set(move.now);
  else if ('advanceMs' in move) await advance(clock, move.advanceMs);
  else await clock.setReal();
  return readClock(clock);
}

async function advance(clock: MovableClock, ms: number): Promise<void> {
  if (clock.now() + ms > LAST_INSTANT_MS) {
    const end = new Date(LAST_INSTANT_MS).toISOString();
    throw new ControlError('CONTROL_BODY', `advanceMs: ${ms} is beyond ${end}, where time ends here.`);
  }
  await clock.advance(ms);
}

/** The answer to `POST …/credentials`. */
export interface IssuedCredentials extends Credentials {
  /** The ARN of whom they are. */
  readonly principal: string;
}

const issueSchema = z.strictObject({ principal: z.string().min(1) });

/**
 * Credentials of a role or user of the template, by its ARN or logical ID, or of a user of another account, by its ARN: what is
 * signed with them is its call.
 *
 * @throws ControlError CONTROL_BODY for any other.
 */
function issueCredentials(permissions: CredentialIssuer, body: unknown): IssuedCredentials {
  const { principal } = parseBody(issueSchema, body);
  const principals = permissions.principalsDeployed();
  const found = principals.find(({ arn, logicalId }) => arn === principal || logicalId === principal);
  if (found === undefined && isForeignUser(principal, permissions.account))
    return { principal, ...permissions.principals.issue(principal) };
  if (found === undefined) {
    const list = principals.map(({ logicalId }) => logicalId).join(', ');
    throw new ControlError('CONTROL_BODY', `There is no role or user ${principal} here. There is ${list}.`);
  }
  return { principal: found.arn, ...permissions.principals.issue(found.arn) };
}

/** Options of {@link setFaults}. */
interface SetFaultsContext {
  readonly faults: Faults;
  /** The services behind the edge: they say which operations a fault can be set for. */
  readonly services: readonly AwsService[];
  readonly targets: FaultTargets;
}

/**
 * Adds faults, all or none.
 *
 * @throws ControlError CONTROL_BODY, for an operation too that its service doesn't have, and for a stream,
 *   table, queue, secret, workgroup, function, rule or key that isn't there: a fault that could never strike would pass for resilience.
 */
function setFaults({ faults, services, targets }: SetFaultsContext, body: unknown): void {
  const wanted = parseBody(faultsSchema, body);
  for (const { signingName, operations } of services) {
    const unknown = operationsOf(wanted, signingName).find((name) => operations?.includes(name) === false);
    if (unknown !== undefined) {
      throw new ControlError('CONTROL_BODY', `${signingName} has no operation ${unknown} here.`);
    }
  }
  for (const fault of Object.values(wanted).flat()) {
    if ('stream' in fault) requireTarget(targets, 'stream', fault.stream);
    if ('table' in fault) requireTarget(targets, 'table', fault.table);
    if ('queue' in fault) requireTarget(targets, 'queue', fault.queue);
    if ('workgroup' in fault) requireTarget(targets, 'workgroup', fault.workgroup);
    if ('secret' in fault) requireTarget(targets, 'secret', fault.secret);
    if ('function' in fault) requireTarget(targets, 'function', fault.function);
    if ('rule' in fault) requireTarget(targets, 'rule', fault.rule);
    if ('keyId' in fault) requireTarget(targets, 'keyId', fault.keyId);
  }
  faults.set(wanted);
}

/** Refuses a target that doesn't exist. A name with a `*` at the end may be meant for a target that isn't there yet. */
function requireTarget(targets: FaultTargets, kind: keyof FaultTargets, name: string | undefined): void {
  if (name === undefined || name.endsWith('*')) return;
  const targetNames = targets[kind]();
  if (targetNames.includes(name)) return;
  const list = targetNames.length === 0 ? 'There is none.' : `There is ${targetNames.join(', ')}.`;
  throw new ControlError('CONTROL_BODY', `There is no ${kind} ${name} here. ${list}`);
}

function operationsOf(wanted: FaultsInput, service: string): string[] {
  const set = Object.entries(wanted).find(([name]) => name === service)?.[1] ?? [];
  return set.flatMap((fault) => ('operations' in fault ? (fault.operations ?? []) : []));
}

/** Names of existing resources that a fault can be limited to, by the fault's member. */
type FaultTargets = Readonly<
  Record<
    'stream' | 'table' | 'queue' | 'secret' | 'workgroup' | 'function' | 'rule' | 'keyId',
    () => readonly string[]
  >
>;

/**
 * The names of a running cloud: the deployment's, and of tables, queues, secrets and workgroups also those
 * made since by calls. A secret is named by its name or its ARN.
 */
export function faultTargets(
  { deliveryStreams }: Pick<Deployment, 'deliveryStreams'>,
  {
    catalog,
    queues,
    secrets,
    athena,
    bus,
    keys,
    functions,
  }: {
    readonly catalog: Catalog;
    readonly queues: Queues;
    readonly secrets: Secrets;
    readonly athena: Pick<Athena, 'workGroups'>;
    readonly bus: Pick<EventBus, 'rules'>;
    readonly keys: Pick<Keys, 'names'>;
    readonly functions: { readonly names: () => readonly string[] };
  },
): FaultTargets {
  return {
    stream: () => deliveryStreams.map(({ name }) => name),
    table: () =>
      catalog
        .databases()
        .flatMap((database) => catalog.tables(database.input.Name).map(({ input }) => input.Name)),
    queue: () => queues.all().map(({ name }) => name),
    workgroup: () => athena.workGroups(),
    function: () => functions.names(),
    rule: () => bus.rules(),
    keyId: () => keys.names(),
    secret: () => secrets.all().flatMap(({ name, arn }) => [name, arn]),
  };
}
