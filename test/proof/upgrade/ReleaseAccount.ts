import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { loadTemplate } from '../../../local/loadTemplate.ts';
import { localAccount } from '../../../local/localAccount.ts';
import { MovableClock } from '../../../packages/local-aws/src/base/index.ts';
import type { FaultsInput } from '../../../packages/local-aws/src/faults/index.ts';
import {
  type LocalAws,
  type StackSource,
  startLocalAws,
} from '../../../packages/local-aws/src/server/index.ts';
import { callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { type Release, unpackFunctions } from './releases.ts';

/** The SDK key of the releases' configurations. */
export const SDK_KEY = 'client-acme-web-5bd1f07a';

/** Loops that wait for functions give up after this, ms. */
const DEADLINE_MS = 60_000;

/** AWS clients of an administrator. */
export interface AdministratorClients {
  readonly athena: AthenaClient;
  readonly cloudFormation: CloudFormationClient;
  readonly glue: GlueClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly sqs: SQSClient;
}

/** A version that can be deployed. */
export type Deployable = Required<Pick<StackSource, 'template' | 'stackName' | 'codeDirectory'>>;

/** A line of the log about rows without an answer, or the metrics of a request that put rows again. */
const UNANSWERED = /"not_acknowledged: (?!ServiceUnavailableException")|"retried":[1-9]/;

/**
 * An AWS account on this machine, to which a release and today's version are deployed one after the other, each with its
 * own template and code.
 */
export class ReleaseAccount {
  readonly #directory = temporaryDirectory();
  readonly #clients: { destroy(): void }[] = [];
  readonly clock = new MovableClock();
  #aws: LocalAws | undefined;
  #packages = 0;
  #administrator: AdministratorClients | undefined;

  /** The release as it was stored. */
  async unpack(release: Release): Promise<Deployable> {
    const codeDirectory = join(this.#directory.path, release.version);
    await unpackFunctions(release, codeDirectory);
    const { template, stackName } = release;
    return { template, stackName, codeDirectory };
  }

  /** Today's version, packaged with the configuration of a release. */
  async packageToday(configuration: Partial<ConfigInput>): Promise<Deployable> {
    this.#packages += 1;
    const from = pathToFileURL(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts')).href;
    writeFileSync(
      this.configFile,
      `import { defineConfig } from '${from}';\nexport default defineConfig(${JSON.stringify(configuration)}, { stages: ["prod"] });\n`,
    );
    const { template, stackName, directory } = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
      stage: 'prod',
      env: { SLUICE_CONFIG: this.configFile },
    });
    return { template, stackName, codeDirectory: directory };
  }

  /** The configuration of the last package: what `sluice` is run with. Node imports a file once, so each has its own. */
  get configFile(): string {
    return join(this.#directory.path, `sluice.config.${this.#packages}.ts`);
  }

  /** Deploys a version over what is deployed, as CloudFormation does, or as the first. */
  async deploy(stack: Deployable): Promise<void> {
    if (this.#aws !== undefined) {
      await this.#aws.update(stack);
      return;
    }
    this.#aws = await startLocalAws({
      stack,
      directory: join(this.#directory.path, 'data'),
      account: localAccount,
      environment: { SLUICE_ALLOW_ANY_KEY: 'false' },
      clock: this.clock,
      controlPath: '/_sluice',
    });
  }

  get #running(): LocalAws {
    if (this.#aws === undefined) throw new Error('nothing is deployed');
    return this.#aws;
  }

  get collector(): string {
    const { api } = this.#running;
    if (api === undefined) throw new Error('the template has no HTTP API');
    return api;
  }

  get endpoint(): string {
    return this.#running.endpoint;
  }

  /** An output of the deployed stack. */
  output(name: string): string {
    const value = this.#running.outputs[name];
    if (value === undefined) throw new Error(`the stack has no output ${name}`);
    return value;
  }

  /** Moves the clock to an instant, ISO 8601. Alarms that fell due on the way run once, now. */
  async jumpTo(instant: string): Promise<void> {
    await this.clock.set(Date.parse(instant));
    await this.flush();
  }

  /** Delivers all buffers and drains the functions' queues. */
  flush() {
    return this.#running.flush();
  }

  fail(faults: FaultsInput): void {
    this.#running.faults.set(faults);
  }

  stopFailing(): void {
    this.#running.faults.clear();
  }

  /**
   * The collector's log lines of requests whose rows it put again, or into overflow because Firehose did not answer in time.
   * Firehose may have them all the same, as a busy machine shows. Failures that {@link fail} injects have answers.
   */
  async unansweredRequests(): Promise<readonly string[]> {
    const lines: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.clients.logs.send(
        new FilterLogEventsCommand({ logGroupName: '/aws/lambda/sluice-prod-collect', nextToken }),
      );
      for (const { message = '' } of page.events ?? []) if (UNANSWERED.test(message)) lines.push(message);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return lines;
  }

  /** Flushes until `isDone` or a deadline. */
  async flushUntil(isDone: () => Promise<boolean>, what: string): Promise<void> {
    const until = performance.now() + DEADLINE_MS;
    for (;;) {
      await this.flush();
      if (await isDone()) return;
      if (performance.now() > until) throw new Error(`${what} did not happen in time`);
      await pause(50);
    }
  }

  /** Runs `sluice` as the account's administrator. */
  async sluice(args: readonly string[], stdin = ''): Promise<string> {
    const before = process.env['SLUICE_CONFIG'];
    process.env['SLUICE_CONFIG'] = this.configFile;
    try {
      const { accessKeyId, secretAccessKey, region } = localAccount;
      const { code, stdout, stderr } = await callMain([...args, '--stage', 'prod'], {
        stdin,
        env: {
          AWS_ENDPOINT_URL: this.endpoint,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
        },
      });
      if (code !== 0) throw new Error(`sluice ${args.join(' ')}: ${stderr}`);
      return stdout;
    } finally {
      if (before === undefined) delete process.env['SLUICE_CONFIG'];
      else process.env['SLUICE_CONFIG'] = before;
    }
  }

  /** Posts a body as an SDK does. */
  post(path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    return fetch(`${this.collector}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'statsig-api-key': SDK_KEY, ...headers },
    });
  }

  /** AWS clients of the account's administrator, after the first deployment. */
  get clients() {
    this.#administrator ??= this.#openClients();
    return this.#administrator;
  }

  #openClients(): AdministratorClients {
    const options = this.#options(localAccount.accessKeyId, localAccount.secretAccessKey);
    return {
      athena: this.#kept(new AthenaClient(options)),
      cloudFormation: this.#kept(new CloudFormationClient(options)),
      glue: this.#kept(new GlueClient(options)),
      logs: this.#kept(new CloudWatchLogsClient(options)),
      s3: this.#kept(new S3Client(options)),
      secrets: this.#kept(new SecretsManagerClient(options)),
      sqs: this.#kept(new SQSClient(options)),
    };
  }

  /** S3 as another account uses it. */
  s3Of(account: string): S3Client {
    return this.#kept(new S3Client(this.#options(account, 'test')));
  }

  #options(accessKeyId: string, secretAccessKey: string) {
    return {
      endpoint: this.endpoint,
      region: localAccount.region,
      credentials: { accessKeyId, secretAccessKey },
    };
  }

  #kept<Client extends { destroy(): void }>(client: Client): Client {
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.#aws?.close();
    this.#directory.remove();
  }
}
