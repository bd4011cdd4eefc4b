import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { GlueClient, paginateGetPartitions } from '@aws-sdk/client-glue';
import {
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, type StartOptions, startCloud } from '../../local/startCloud.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { type AthenaRow, athenaRows } from './answer.ts';
import { callMain } from './callMain.ts';
import { lacksPermission, onDecision } from './decisions.ts';
import { npxWords } from './npxWords.ts';
import { temporaryDirectory, writeConfig } from './temporaryDirectory.ts';
import { within } from './waiting.ts';

const issuedSchema = z.object({
  principal: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
});
const struckSchema = z.object({ faults: z.array(z.object({ struck: z.int() })) });

/** Keys of an AWS account, a user or a session. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request of an SDK. */
export interface Posted {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a batch of these events. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly events?: readonly unknown[];
}

/** How often a request is sent at most. */
const MOST_TRIES = 4;

/** What a story's cloud differs in. */
export interface StoryOptions {
  /** When its clock begins, ISO 8601. Default: the machine's time. */
  readonly startsAt?: string;
  /** Whether only configured keys may post. Default false. */
  readonly checkKeys?: boolean;
  /** Loads what is deployed. Default: the package of the configuration. */
  readonly load?: StartOptions['load'];
}

/** Deletes an object's version, as whoever means it has to where the bucket's policy denies deleting without one. */
export async function removeVersion(s3: S3Client, Bucket: string, Key: string): Promise<void> {
  const { VersionId = 'null' } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
}

/**
 * A local cloud with a configuration, whose deployed policies are enforced, and what stories do with it: they post, move
 * its clock, plant faults, run commands and ask. `SLUICE_CONFIG` names its configuration until it is closed. A call of a
 * function that its role does not allow fails the story when it closes, even if the function goes on without its answer.
 *
 * @param input Default: the repository's own configuration, whose package most suites share.
 */
export async function storyCloud(input?: Partial<ConfigInput>, options: StoryOptions = {}) {
  const { startsAt, checkKeys = false, load } = options;
  const directory = temporaryDirectory();
  const data = join(directory.path, 'data');
  const before = process.env['SLUICE_CONFIG'];
  let configs = 0;
  const configure = (config: Partial<ConfigInput>) => {
    const named = { bucket: 'acme-experiments', ...config };
    // A file of its own: Node keeps a module that it has imported.
    configs += 1;
    process.env['SLUICE_CONFIG'] = writeConfig(directory.path, named, `${configs}.config.ts`);
  };
  const refusals: string[] = [];
  /** Calls of deployed functions that their roles do not allow: the sentences of the refusals. */
  const lacking = new Set<string>();
  /** Roles with whose keys the story calls itself. */
  const borrowed = new Set<string>();
  const endDecisions = onDecision((decision) => {
    const { arn } = decision.caller;
    if (!lacksPermission(decision) || !arn.includes(':role/sluice-local-') || borrowed.has(arn)) return;
    lacking.add(decision.because ?? decision.action);
  });
  const start = async (at?: number): Promise<[Cloud, MovableClock]> => {
    const clock = new MovableClock();
    if (at !== undefined) await clock.set(at);
    const onRefusal = (sentence: string) => refusals.push(sentence);
    const ports = { port: 0, edgePort: 0 };
    const how = { checkKeys, data, clock, onRefusal };
    const started = await startCloud({
      enforceIam: true,
      ...ports,
      ...how,
      ...(load === undefined ? {} : { load }),
    });
    const { flush } = started;
    const named = { flush: () => within('a flush of the local cloud', flush()) };
    return [Object.assign(started, named), clock];
  };
  if (input !== undefined) configure(input);
  let [cloud, clock] = await start(startsAt === undefined ? undefined : Date.parse(startsAt));

  const own: Credentials = localAccount;
  const env = () => ({
    AWS_ENDPOINT_URL: cloud.edge,
    AWS_REGION: localAccount.region,
    AWS_ACCESS_KEY_ID: own.accessKeyId,
    AWS_SECRET_ACCESS_KEY: own.secretAccessKey,
  });
  const { region } = localAccount;
  const clientOptions = (credentials: Credentials = own) =>
    ({ endpoint: cloud.edge, region, credentials, maxAttempts: 1 }) as const;
  const clients: { destroy(): void }[] = [];
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const s3By = (credentials?: Credentials) =>
    kept(new S3Client({ ...clientOptions(credentials), forcePathStyle: true }));
  let s3 = s3By();
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${cloud.edge}/_sluice/${path}`, { method, ...sent });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const send = ({ path = '/v1/rgstr', headers = {}, events, body }: Posted) => {
    const answer = fetch(`${cloud.collector}${path}`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-story', ...headers },
      body: body ?? JSON.stringify({ events }),
    });
    return within(`the answer of the collector to ${path}`, answer);
  };
  const sluice = (...args: string[]) => callMain([...args, '--local'], { env: env() });
  const json = async (...args: string[]) => {
    const { stdout, stderr } = await sluice(...args, '--json');
    return JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout);
  };
  /** Runs a command as a finding prints it: a shell reads its words. */
  const paste = (command: string, stdin = '') => callMain(npxWords(command), { env: env(), stdin });
  const findings = async (code: string): Promise<readonly Finding[]> => {
    const { problems }: { problems: readonly Finding[] } = await json('status');
    return problems.filter((problem) => problem.code === `SLUICE_FINDING_${code}`);
  };
  const filesUnder = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  return {
    get cloud() {
      return cloud;
    },
    get clock() {
      return clock;
    },
    /** Its data directory. */
    data,
    /** A folder of the story's own, which goes with it. */
    scratch: directory.path,
    /** Calls that the policies do not allow. */
    refusals,
    /** Variables with which commands find the cloud. */
    get env() {
      return env();
    },
    clientOptions,
    /** Destroys a client when the story ends. */
    kept,
    s3By,
    control,
    send,
    /** Posts, and answers the status. As an SDK does, it repeats what gets 503: on a busy machine a cold start may. */
    async post(request: Posted): Promise<number> {
      let status = 0;
      for (let tries = 0; tries < MOST_TRIES && (tries === 0 || status === 503); tries += 1) {
        const answer = await send(request);
        await answer.arrayBuffer();
        status = answer.status;
      }
      return status;
    },
    /** Opens the deployment as it is now, for what asks or changes it. It closes with the story. */
    deployment(isLocal = true, credentials?: Credentials): Deployment {
      const stack = { service: 'sluice', stage: 'local' };
      const about = { config: cloud.config, stack, isLocal, now: clock.now() };
      const opened = openDeployment(about, clientOptions(credentials));
      clients.push({ destroy: () => opened.close() });
      return opened;
    },
    setFaults: (faults: object) => control('POST', 'faults', faults),
    clearFaults: () => control('DELETE', 'faults'),
    /** How often each fault that is set has struck, in their order. */
    async struck(): Promise<readonly number[]> {
      return struckSchema.parse(await control('GET', 'faults')).faults.map(({ struck }) => struck);
    },
    /** Lets time pass: each alarm that falls due on the way rings at its own time. */
    advance: (ms: number) => within(`${ms} ms of the cloud's clock`, clock.advance(ms)),
    /** Moves on by as much, or to an instant, ISO 8601: what fell due on the way runs once, then. */
    jump: (ms: number) => clock.set(clock.now() + ms),
    jumpTo: (at: string) => clock.set(Date.parse(at)),
    /** Runs a command on the cloud. */
    sluice,
    /** The same, and its answer as JSON. */
    json,
    paste,
    /** What `sluice status` finds, by its code without the prefix. */
    found: async (code: string) => (await findings(code))[0],
    /**
     * Pastes the commands of findings in their order, or those of a choice that a cure leaves.
     *
     * @returns How each ended: with 0, or with 3 as it shows a problem.
     */
    async cure(code: string, choice = /(?:)/): Promise<readonly number[]> {
      const ended: number[] = [];
      const commands = (await findings(code)).flatMap((finding) => finding.commands);
      for (const command of commands.filter((found) => choice.test(found))) {
        const answer = await paste(command);
        if (![0, 3].includes(answer.code)) throw new Error(`${command}: ${answer.stderr}`);
        ended.push(answer.code);
      }
      if (ended.length === 0) throw new Error(`${code} prints ${commands}`);
      return ended;
    },
    /** Asks in DuckDB's dialect. */
    query: (sql: string) => runQuery(data, sql),
    /** Asks the local Athena. */
    async ask(sql: string, credentials?: Credentials, workGroup = 'sluice'): Promise<readonly AthenaRow[]> {
      const athena = new AthenaClient(clientOptions(credentials));
      const how = { WorkGroup: workGroup, QueryExecutionContext: { Database: cloud.database } };
      return athenaRows(athena, sql, how).finally(() => athena.destroy());
    },
    async keys(Prefix: string, Bucket = cloud.bucket, client = s3): Promise<string[]> {
      const found: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix }))
        found.push(...Contents.map(({ Key = '' }) => Key));
      return found;
    },
    async read(Key: string, Bucket = cloud.bucket, client = s3): Promise<Uint8Array> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    async put(Key: string, Body: Uint8Array | string, Bucket = cloud.bucket, client = s3): Promise<void> {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    /** Has a bucket's policy deny an action in it. @returns Puts the policy back. */
    async deny(denied: object, Bucket = cloud.bucket, client = s3): Promise<() => Promise<unknown>> {
      const { Policy = '' } = await client.send(new GetBucketPolicyCommand({ Bucket }));
      const put = (text: string) => client.send(new PutBucketPolicyCommand({ Bucket, Policy: text }));
      const { Statement, ...policy } = JSON.parse(Policy);
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
      const own = { Effect: 'Deny', Principal: '*', Resource, ...denied };
      await put(JSON.stringify({ ...policy, Statement: [...Statement, own] }));
      return () => put(Policy);
    },
    async remove(Key: string, Bucket = cloud.bucket, client = s3): Promise<void> {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    /** A table's registered partitions, with their locations. */
    async partitions(TableName: string): Promise<{ value: string; location: string }[]> {
      const client = new GlueClient(clientOptions());
      const found: { value: string; location: string }[] = [];
      const table = { DatabaseName: cloud.database, TableName };
      for await (const { Partitions = [] } of paginateGetPartitions({ client }, table))
        for (const { Values = [], StorageDescriptor } of Partitions)
          found.push({ value: Values.join('/'), location: StorageDescriptor?.Location ?? '' });
      client.destroy();
      return found;
    },
    /** Keys of a role of the stack, or of a user elsewhere. */
    async credentialsOf(principal: string) {
      const issued = issuedSchema.parse(await control('POST', 'credentials', { principal }));
      borrowed.add(issued.principal);
      return issued;
    },
    /** Logs of the functions, without the times of the lines. */
    logs: () =>
      filesUnder(join(data, 'logs'))
        .map((file) => readFileSync(file, 'utf8').replace(/^\S{24} /gm, ''))
        .join('\n'),
    /** Files of the local cloud that have a text. */
    filesWith: (text: string) => filesUnder(data).filter((file) => readFileSync(file).includes(text)),
    /** How many messages a queue has. */
    messages: (part: string) =>
      cloud.status().queues.find(({ name }) => name === `sluice-local-${part}`)?.messages ?? 0,
    /** Stops, and starts with the same data at the same time, after `config` when one is given, and what is done meanwhile. */
    async restart(config?: Partial<ConfigInput>, meanwhile = async () => {}): Promise<void> {
      const now = clock.now();
      const isMoved = clock.offsetMs !== 0;
      await cloud.close();
      await meanwhile();
      if (config !== undefined) configure(config);
      [cloud, clock] = await start(isMoved ? now : undefined);
      s3 = s3By();
    },
    /**
     * Stops the cloud, and removes its data.
     *
     * @throws Error if a function has made a call that its role does not allow, whatever became of it.
     */
    async close(): Promise<void> {
      for (const client of clients) client.destroy();
      await cloud.close();
      endDecisions();
      if (before === undefined) delete process.env['SLUICE_CONFIG'];
      else process.env['SLUICE_CONFIG'] = before;
      directory.remove();
      if (lacking.size > 0) throw new Error(`Roles lack permissions: ${[...lacking].join('\n')}`);
    },
  };
}

/** A story's cloud. */
export type StoryCloud = Awaited<ReturnType<typeof storyCloud>>;
