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
import { HOUR_MS } from '../../lib/base/time.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, type StartOptions, startCloud } from '../../local/startCloud.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import type { Status } from '../../observe/findings/status.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { type AthenaRow, athenaRows } from './answer.ts';
import { awsEnvironment, callMain } from './callMain.ts';
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
  /** The public part. */
  readonly accessKeyId: string;
  /** The secret part. */
  readonly secretAccessKey: string;
  /** Of a session; absent of an account or a user. */
  readonly sessionToken?: string;
}

/** A request of an SDK. */
interface Posted {
  /** The path of the collector. Default: `/v1/rgstr`. */
  readonly path?: string;
  /** Headers beside a key, which they may replace. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes that are sent. Default: a batch of these events. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** The events of the batch. Default none. */
  readonly events?: readonly unknown[];
}

/** How often a request is sent at most. */
const MOST_TRIES = 4;

/** Statuses with which a command of a finding may end: it has done its work, or it shows a problem. */
const CURED = [0, 3];

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

/** Calls of deployed functions that their roles do not allow, from now on until `end`. */
class RoleWatch {
  /** The sentences of the refusals. */
  readonly lacking = new Set<string>();
  /** ARNs of roles with whose keys the story itself calls. Their refusals are the story's own. */
  readonly borrowed = new Set<string>();
  readonly end: () => void;

  constructor() {
    this.end = onDecision((decision) => {
      const { arn } = decision.caller;
      if (!lacksPermission(decision) || !arn.includes(':role/sluice-local-') || this.borrowed.has(arn))
        return;
      this.lacking.add(decision.because ?? decision.action);
    });
  }
}

/** The configuration that `SLUICE_CONFIG` names until `end`. */
class StoryConfig {
  readonly #directory: string;
  readonly #before = process.env['SLUICE_CONFIG'];
  #written = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Writes a configuration to a file of its own: Node keeps a module that it has imported. */
  set(config: Partial<ConfigInput>): void {
    const named = { bucket: 'acme-experiments', ...config };
    this.#written += 1;
    process.env['SLUICE_CONFIG'] = writeConfig(this.#directory, named, `${this.#written}.config.ts`);
  }

  /** Restores the variable. */
  end(): void {
    if (this.#before === undefined) delete process.env['SLUICE_CONFIG'];
    else process.env['SLUICE_CONFIG'] = this.#before;
  }
}

/**
 * A local cloud with a configuration, whose deployed policies are enforced, and what stories do with it: they post, move
 * its clock, plant faults, run commands and ask. A call of a function that its role does not allow fails the story when it
 * closes, even if the function goes on without its answer. {@link storyCloud} opens it.
 */
export class StoryCloud {
  /** Its data directory. */
  readonly data: string;
  /** A folder of the story's own, which goes with it. */
  readonly scratch: string;
  /** The sentences of calls that the policies do not allow, each as it was first reported. */
  readonly refusals: string[] = [];
  readonly #options: StoryOptions;
  readonly #directory = temporaryDirectory();
  readonly #config = new StoryConfig(this.#directory.path);
  readonly #roles = new RoleWatch();
  /** What is destroyed when the story ends. */
  readonly #clients: { destroy(): void }[] = [];
  #running: { readonly cloud: Cloud; readonly clock: MovableClock; readonly s3: S3Client } | undefined;

  /** Nothing runs before {@link start}. */
  constructor(options: StoryOptions) {
    this.#options = options;
    this.scratch = this.#directory.path;
    this.data = join(this.scratch, 'data');
  }

  /**
   * Starts the cloud on its data, which a first start makes.
   *
   * @param input The configuration from now on. Default: the one it has.
   * @param at Where its clock begins, epoch milliseconds. Default: the machine's time.
   */
  async start(input: Partial<ConfigInput> | undefined, at: number | undefined): Promise<void> {
    const { checkKeys = false, load } = this.#options;
    if (input !== undefined) this.#config.set(input);
    const clock = new MovableClock();
    if (at !== undefined) await clock.set(at);
    const cloud = await startCloud({
      enforceIam: true,
      port: 0,
      edgePort: 0,
      checkKeys,
      data: this.data,
      clock,
      onRefusal: (sentence) => this.refusals.push(sentence),
      ...(load === undefined ? {} : { load }),
    });
    const { flush } = cloud;
    Object.assign(cloud, { flush: () => within('a flush of the local cloud', flush()) });
    const s3 = this.kept(new S3Client({ ...optionsOf(cloud), forcePathStyle: true }));
    this.#running = { cloud, clock, s3 };
  }

  /** What runs; something else after each {@link restart}. */
  get #run() {
    if (this.#running === undefined) throw new Error('The cloud has not started.');
    return this.#running;
  }

  /** The running cloud. */
  get cloud(): Cloud {
    return this.#run.cloud;
  }

  /** The clock of the running cloud. */
  get clock(): MovableClock {
    return this.#run.clock;
  }

  /** Variables with which commands find the cloud. */
  get env(): Readonly<Record<string, string>> {
    return awsEnvironment(this.cloud.edge);
  }

  /** Options of an AWS client. @param credentials Default: the account's root. */
  clientOptions(credentials?: Credentials): ReturnType<typeof optionsOf> {
    return optionsOf(this.cloud, credentials);
  }

  /** Destroys a client when the story ends. */
  kept<Client extends { destroy(): void }>(client: Client): Client {
    this.#clients.push(client);
    return client;
  }

  /** Opens a client of S3, which closes with the story. */
  s3By(credentials?: Credentials): S3Client {
    return this.kept(new S3Client({ ...this.clientOptions(credentials), forcePathStyle: true }));
  }

  /** Opens the deployment as it is now, for what asks or changes it. It closes with the story. */
  deployment(isLocal = true, credentials?: Credentials): Deployment {
    const stack = { service: 'sluice', stage: 'local' };
    const about = { config: this.cloud.config, stack, isLocal, now: this.clock.now() };
    const opened = openDeployment(about, this.clientOptions(credentials));
    this.#clients.push({ destroy: () => opened.close() });
    return opened;
  }

  /** Calls the control API. @param path Below its own, as `faults`. @throws Error with an answer that is not OK. */
  async control(method: string, path: string, body?: object): Promise<unknown> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.cloud.edge}/_sluice/${path}`, { method, ...sent });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  /** Plants faults, in place of those that are set. */
  setFaults(faults: object): Promise<unknown> {
    return this.control('POST', 'faults', faults);
  }

  /** Takes all faults away. */
  clearFaults(): Promise<unknown> {
    return this.control('DELETE', 'faults');
  }

  /** How often each fault that is set has struck, in their order. */
  async struck(): Promise<readonly number[]> {
    return struckSchema.parse(await this.control('GET', 'faults')).faults.map(({ struck }) => struck);
  }

  /** Keys of a role of the stack, or of a user elsewhere. Refusals of the role are the story's own from now on. */
  async credentialsOf(principal: string): Promise<z.output<typeof issuedSchema>> {
    const issued = issuedSchema.parse(await this.control('POST', 'credentials', { principal }));
    this.#roles.borrowed.add(issued.principal);
    return issued;
  }

  /** Sends a request to the collector, once. */
  send({ path = '/v1/rgstr', headers = {}, events, body }: Posted): Promise<Response> {
    const answer = fetch(`${this.cloud.collector}${path}`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-story', ...headers },
      body: body ?? JSON.stringify({ events }),
    });
    return within(`the answer of the collector to ${path}`, answer);
  }

  /** Sends as an SDK does: it repeats what gets 503. On a busy machine a cold start may. */
  async sendAsSdk(request: Posted): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.send(request);
      if (answer.status !== 503 || tries === MOST_TRIES) return answer;
      await answer.arrayBuffer();
    }
  }

  /** Posts as an SDK does, and answers the status. */
  async post(request: Posted): Promise<number> {
    const answer = await this.sendAsSdk(request);
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Lets time pass: each alarm that falls due on the way rings at its own time. */
  advance(ms: number): Promise<void> {
    return within(`${ms} ms of the cloud's clock`, this.clock.advance(ms));
  }

  /** Moves on by as many milliseconds: what fell due on the way runs once, then. */
  jump(ms: number): Promise<void> {
    return this.clock.set(this.clock.now() + ms);
  }

  /** Moves on by hours, each a {@link jump}: a schedule that runs more often runs once in each. */
  async jumpHours(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) await this.jump(HOUR_MS);
  }

  /** Moves on to an instant, ISO 8601, as {@link jump}. */
  jumpTo(at: string): Promise<void> {
    return this.clock.set(Date.parse(at));
  }

  /** Runs a command on the cloud. */
  sluice(...args: string[]): ReturnType<typeof callMain> {
    return callMain([...args, '--local'], { env: this.env });
  }

  /**
   * Runs a command on the cloud.
   *
   * @template Answer The type of what it prints with `--json`, which is not looked at.
   * @returns What it printed; of a command that printed nothing on stdout, `{ stderr }`.
   */
  async json<Answer = unknown>(...args: string[]): Promise<Answer> {
    const { stdout, stderr } = await this.sluice(...args, '--json');
    return JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout);
  }

  /** Runs a command as a finding prints it: a shell reads its words. */
  paste(command: string, stdin = ''): ReturnType<typeof callMain> {
    return callMain(npxWords(command), { env: this.env, stdin });
  }

  /** What `sluice status` finds, by its code without the prefix; undefined if it does not. */
  async found(code: string): Promise<Finding | undefined> {
    return (await this.#findings(code))[0];
  }

  /** What `sluice status` has to find, by its code without the prefix. @throws Error if it does not. */
  async finding(code: string): Promise<Finding> {
    return findingIn(await this.json<Status>('status'), code);
  }

  /**
   * Pastes the commands of findings in their order, or those of a choice that a cure leaves.
   *
   * @param code The findings' code, without the prefix.
   * @param choice Which of the commands are pasted. Default all.
   * @returns How each ended: {@link CURED}.
   */
  async cure(code: string, choice = /(?:)/): Promise<readonly number[]> {
    const ended: number[] = [];
    const commands = (await this.#findings(code)).flatMap((finding) => finding.commands);
    for (const command of commands.filter((printed) => choice.test(printed))) {
      const answer = await this.paste(command);
      if (!CURED.includes(answer.code)) throw new Error(`${command}: ${answer.stderr}`);
      ended.push(answer.code);
    }
    if (ended.length === 0) throw new Error(`${code} prints ${commands}`);
    return ended;
  }

  async #findings(code: string): Promise<readonly Finding[]> {
    return findingsIn(await this.json<Status>('status'), code);
  }

  /** Asks in DuckDB's dialect. */
  query(sql: string): ReturnType<typeof runQuery> {
    return runQuery(this.data, sql);
  }

  /** Asks the local Athena. */
  async ask(sql: string, credentials?: Credentials, workGroup = 'sluice'): Promise<readonly AthenaRow[]> {
    const athena = new AthenaClient(this.clientOptions(credentials));
    const how = { WorkGroup: workGroup, QueryExecutionContext: { Database: this.cloud.database } };
    return athenaRows(athena, sql, how).finally(() => athena.destroy());
  }

  /** The keys of a bucket that have a prefix. */
  async keys(Prefix: string, Bucket = this.cloud.bucket, client = this.#run.s3): Promise<string[]> {
    const found: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix }))
      found.push(...Contents.map(({ Key = '' }) => Key));
    return found;
  }

  /** The bytes of an object. */
  async read(Key: string, Bucket = this.cloud.bucket, client = this.#run.s3): Promise<Uint8Array> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** Puts an object. */
  async put(
    Key: string,
    Body: Uint8Array | string,
    Bucket = this.cloud.bucket,
    client = this.#run.s3,
  ): Promise<void> {
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  /** Deletes an object, without naming a version. */
  async remove(Key: string, Bucket = this.cloud.bucket, client = this.#run.s3): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }

  /** Has a bucket's policy deny an action in it. @returns Puts the policy back. */
  async deny(
    denied: object,
    Bucket = this.cloud.bucket,
    client = this.#run.s3,
  ): Promise<() => Promise<unknown>> {
    const { Policy = '' } = await client.send(new GetBucketPolicyCommand({ Bucket }));
    const put = (text: string) => client.send(new PutBucketPolicyCommand({ Bucket, Policy: text }));
    const { Statement, ...policy }: { readonly Statement: readonly object[] } = JSON.parse(Policy);
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    const own = { Effect: 'Deny', Principal: '*', Resource, ...denied };
    await put(JSON.stringify({ ...policy, Statement: [...Statement, own] }));
    return () => put(Policy);
  }

  /** A table's registered partitions, with their locations. */
  async partitions(TableName: string): Promise<{ value: string; location: string }[]> {
    const client = new GlueClient(this.clientOptions());
    const found: { value: string; location: string }[] = [];
    const table = { DatabaseName: this.cloud.database, TableName };
    for await (const { Partitions = [] } of paginateGetPartitions({ client }, table))
      for (const { Values = [], StorageDescriptor } of Partitions)
        found.push({ value: Values.join('/'), location: StorageDescriptor?.Location ?? '' });
    client.destroy();
    return found;
  }

  /** Logs of the functions, without the times of the lines. */
  logs(): string {
    return filesUnder(join(this.data, 'logs'))
      .map((file) => readFileSync(file, 'utf8').replace(/^\S{24} /gm, ''))
      .join('\n');
  }

  /** Files of the local cloud that have a text. */
  filesWith(text: string): readonly string[] {
    return filesUnder(this.data).filter((file) => readFileSync(file).includes(text));
  }

  /** How many messages a queue has. @param part The queue's name without that of the stack. */
  messages(part: string): number {
    const named = this.cloud.status().queues.find(({ name }) => name === `sluice-local-${part}`);
    return named?.messages ?? 0;
  }

  /**
   * Stops, and starts with the same data at the same time.
   *
   * @param config The configuration from then on. Default: the one it has.
   * @param meanwhile What is done while the cloud does not run.
   */
  async restart(config?: Partial<ConfigInput>, meanwhile = async () => {}): Promise<void> {
    const now = this.clock.offsetMs === 0 ? undefined : this.clock.now();
    await this.cloud.close();
    await meanwhile();
    await this.start(config, now);
  }

  /**
   * Stops the cloud, and removes its data.
   *
   * @throws Error if a function has made a call that its role does not allow, whatever became of it.
   */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.cloud.close();
    this.#roles.end();
    this.#config.end();
    this.#directory.remove();
    const { lacking } = this.#roles;
    if (lacking.size > 0) throw new Error(`Roles lack permissions: ${[...lacking].join('\n')}`);
  }
}

/**
 * Starts a story's cloud.
 *
 * @param input Default: the repository's own configuration, whose package most suites share.
 */
export async function storyCloud(
  input?: Partial<ConfigInput>,
  options: StoryOptions = {},
): Promise<StoryCloud> {
  const { startsAt } = options;
  const story = new StoryCloud(options);
  await story.start(input, startsAt === undefined ? undefined : Date.parse(startsAt));
  return story;
}

/** The finding of an answer of `sluice status`, by its code without the prefix. @throws Error if the answer has none. */
export function findingIn(status: Status, code: string): Finding {
  const [found] = findingsIn(status, code);
  if (found === undefined) throw new Error(`status does not find ${code}.`);
  return found;
}

/** The findings of an answer of `sluice status`, by their code without the prefix. */
function findingsIn({ problems }: Status, code: string): readonly Finding[] {
  return problems.filter((problem) => problem.code === `SLUICE_FINDING_${code}`);
}

/** Options of a client of a cloud, which does not repeat a call that fails. */
function optionsOf({ edge }: Cloud, credentials: Credentials = localAccount) {
  return { endpoint: edge, region: localAccount.region, credentials, maxAttempts: 1 } as const;
}

/** The files below a folder. */
function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
