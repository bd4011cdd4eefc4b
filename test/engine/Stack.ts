import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  paginateListStackResources,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { projectRoot } from '../../local/roots.ts';
import { type Ended, type Engine, REGION } from './Engine.ts';

export const STAGE = 'engine';
export const STACK = `sluice-${STAGE}`;
export const BUCKET = 'acme-experiments';
export const CUSTOMER = '444455556666';
export const DROPS = 'acme-drops';
export const WAREHOUSE = 'acme-warehouse';

/** It takes a minute, and ten times as long on a machine that does ten other things. */
const DEPLOY_MS = 900_000;

/** A Function URL, curation, a customer's source in another account's bucket, an export and readers. */
export const settings = {
  bucket: BUCKET,
  region: REGION,
  architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  endpoint: { kind: 'function-url' },
  keysInSecret: true,
  curateAfter: 1,
  sources: [
    {
      name: 'acme',
      bucket: DROPS,
      owner: CUSTOMER,
      settleMinutes: 0,
      datasets: [
        {
          name: 'orders',
          kind: 'events',
          mapping: { timestamp: 'at', eventName: 'action', unitIds: { userID: 'uid' } },
        },
      ],
    },
  ],
  exports: [{ name: 'orders', table: 'acme_orders', target: { bucket: WAREHOUSE, owner: CUSTOMER } }],
  readers: [
    { kind: 'statsig', name: 'statsig', principal: '999689269917', externalId: 'made-by-statsig' },
    { kind: 'metabase', name: 'metabase-role', as: 'role', principal: 'ec2' },
  ],
} as const satisfies Partial<ConfigInput>;

/** What an operator changes while events come in. */
export const changes = {
  holdouts: ['spring_holdout'],
  unitIds: { companyID: 'company_id' },
  statsigFolder: 'acme-4f2a',
  formerStatsigFolders: [{ folder: 'statsig', until: utcDay(Date.now() + 2 * DAY_MS) }],
  retention: { dataVersionDays: 14 },
} as const satisfies Partial<ConfigInput>;

/** Types that LocalStack's core can't make. Each other type has to be made. */
const NOT_MADE: ReadonlySet<string> = new Set(['AWS::Athena::WorkGroup', 'AWS::Logs::MetricFilter']);

/** Types of resources that hold data. */
const HOLDS_DATA =
  /^AWS::(S3::Bucket|KinesisFirehose::DeliveryStream|SQS::Queue|Glue::Table|Glue::Database|KMS::Key|SecretsManager::Secret)$/;

/** A project with the repository's code, deployed by `serverless` as a user deploys it. */
export class Stack {
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #client: CloudFormationClient;
  /** Its ARN, which names it when it is deleted, too. */
  id = '';

  constructor(engine: Engine, folder: string) {
    this.#engine = engine;
    this.#folder = join(folder, 'project');
    this.#client = new CloudFormationClient(engine.client());
    mkdirSync(this.#folder);
    for (const name of readdirSync(projectRoot)) {
      if (name.startsWith('.') || name === 'build' || name === 'sluice.config.ts') continue;
      const from = join(projectRoot, name);
      const to = join(this.#folder, name);
      // Serverless doesn't follow links to its own files.
      if (['serverless.yml', 'package.json', 'tsconfig.json'].includes(name)) copyFileSync(from, to);
      else symlinkSync(from, to);
    }
  }

  configure(config: Partial<ConfigInput>): void {
    const from = JSON.stringify(join(projectRoot, 'lib', 'config', 'defineConfig.ts'));
    const text = `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)}, { stages: ['${STAGE}'] });\n`;
    writeFileSync(join(this.#folder, 'sluice.config.ts'), text);
  }

  /** Runs a command in the project: `npx …` of the pages, without npx. */
  run(command: string, args: readonly string[], timeoutMs = DEPLOY_MS): Promise<Ended> {
    // `npx sluice` reads the configuration of the folder that has its code, which is linked here.
    const env = { SLUICE_CONFIG: join(this.#folder, 'sluice.config.ts') };
    return this.#engine.run(command, args, { cwd: this.#folder, timeoutMs, env });
  }

  serverless(command: 'deploy' | 'remove'): Promise<Ended> {
    return this.run('serverless', [command, '--stage', STAGE]);
  }

  /** Its outputs. */
  async outputs(): Promise<Readonly<Record<string, string>>> {
    const { Stacks: [about] = [] } = await this.#client.send(new DescribeStacksCommand({ StackName: STACK }));
    this.id = about?.StackId ?? '';
    return Object.fromEntries(
      (about?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  }

  /** Its events from the first to the last. */
  async events(): Promise<readonly StackEvent[]> {
    const events: StackEvent[] = [];
    const pages = paginateDescribeStackEvents({ client: this.#client }, { StackName: this.id });
    for await (const { StackEvents = [] } of pages) events.push(...StackEvents);
    return events.toSorted((a, b) => Number(a.Timestamp) - Number(b.Timestamp));
  }

  /** Physical IDs by logical ID. */
  async resources(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    const pages = paginateListStackResources({ client: this.#client }, { StackName: this.id });
    for await (const { StackResourceSummaries = [] } of pages)
      for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        found.set(LogicalResourceId, PhysicalResourceId);
    return found;
  }
}

/** What is wrong with a deployment by its events: failures, and types that were skipped without being on the list. */
export function deploymentProblems(events: readonly StackEvent[]): readonly string[] {
  return events.flatMap(({ ResourceStatus = '', ResourceStatusReason = '', ...event }) => {
    const what = `${event.LogicalResourceId} (${event.ResourceType}): ${ResourceStatus} ${ResourceStatusReason}`;
    if (/FAILED|ROLLBACK/.test(ResourceStatus)) return [what];
    const isSkipped = /not supported/.test(ResourceStatusReason);
    return isSkipped && !NOT_MADE.has(event.ResourceType ?? '') ? [what] : [];
  });
}

/** Resources that hold data and were deleted or replaced in an update. */
export function lostResources(events: readonly StackEvent[]): readonly string[] {
  return events
    .filter(
      ({ ResourceType = '', ResourceStatus = '' }) =>
        HOLDS_DATA.test(ResourceType) && /DELETE/.test(ResourceStatus),
    )
    .map(({ LogicalResourceId, ResourceStatus }) => `${LogicalResourceId}: ${ResourceStatus}`);
}
