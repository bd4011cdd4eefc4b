import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { logicalIds } from '../../infra/Stack.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { Clock } from '../../lib/time/Clock.ts';
import type { NamedPlace } from '../aws/deploymentPlace.ts';
import { timeAt } from '../aws/timeAt.ts';
import { askAws } from './askAws.ts';
import { CheckImpossible } from './CheckImpossible.ts';
import { finding } from './Finding.ts';
import { type Clients, closeClients, openClients } from './openClients.ts';
import { readTablePartitions } from './readTablePartitions.ts';
import { shellCommand } from './shellCommand.ts';
import type { DeployedResource, Identity, Visit } from './Visit.ts';

/** Pages of 100 resources: a stack has 500 at most. */
const MOST_RESOURCE_PAGES = 10;

/** Where a visit goes. */
export interface VisitOptions {
  readonly stack: Visit['stack'];
  /** What it leaves out is the configuration's region, and as AWS tools have it. */
  readonly place: NamedPlace['place'];
  readonly local: boolean;
  readonly loadConfig: () => Promise<Config>;
  readonly clock: Clock;
}

/** Begins a visit; `close` at its end. */
export function openVisit(options: VisitOptions): Visit & { readonly close: () => void } {
  const { stack, place, local, clock } = options;
  const stackName = `${stack.service}-${stack.stage}`;
  const config = once(options.loadConfig);
  let opened: Clients | undefined;
  const clients = once(async () => {
    opened = openClients({
      ...place,
      region: place.region ?? (await config()).region,
    });
    return opened;
  });
  const ask: Visit['ask'] = (permission, call) => askAws(permission, local, call);
  const identity = once(async () => readIdentity(await clients(), clock, ask));
  const resources = once(async () => readResources(await clients(), stackName, ask));
  const readPartitions = (kind: TableKind) =>
    once(async () => readTablePartitions({ ask, clients, clock }, await config(), kind));
  const partitionsOf = {
    exposures: readPartitions('exposures'),
    events: readPartitions('events'),
    quarantine: readPartitions('quarantine'),
  };

  return {
    stack,
    stackName,
    local,
    clock,
    now: once(() => timeAt({ local, place })),
    config,
    clients,
    identity,
    resources,
    keyArn: once(async () => {
      const { existing } = await config();
      if (existing.keyArn !== null) return existing.keyArn;
      const key = (await resources()).get(logicalIds.key);
      if (key === undefined) {
        throw new CheckImpossible(
          finding('SLUICE_DOCTOR_KEY_MISSING', `${stackName} has no ${logicalIds.key}.`),
        );
      }
      const { kms } = await clients();
      const { KeyMetadata } = await ask('kms:DescribeKey', () =>
        kms.send(new DescribeKeyCommand({ KeyId: key.physicalId })),
      );
      return KeyMetadata?.Arn ?? key.physicalId;
    }),
    tablePartitions: (kind) => partitionsOf[kind](),
    ask,
    async command(words) {
      const region = await (await clients()).sts.config.region();
      const where = ['--region', region, ...(place.endpoint ? ['--endpoint-url', place.endpoint] : [])];
      return shellCommand(['aws', ...words, ...where]);
    },
    close() {
      if (opened !== undefined) closeClients(opened);
    },
  };
}

/** Does it when first asked; whoever asks again has the same answer, or the same error. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

async function readIdentity({ sts }: Clients, clock: Clock, ask: Visit['ask']): Promise<Identity> {
  let theirTime: number | undefined;
  let before = clock.now();
  sts.middlewareStack.add(
    (next) => async (args) => {
      before = clock.now();
      const result = await next(args);
      theirTime = dateOf(result.response) ?? theirTime;
      return result;
    },
    { step: 'deserialize', name: 'dateOfAnswer', priority: 'low', override: true },
  );
  const { Account = '', Arn = '' } = await ask('sts:GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return {
    account: Account,
    arn: Arn,
    partition: Arn.split(':')[1] ?? 'aws',
    region: await sts.config.region(),
    theirTime,
    ourTime: { before, after: clock.now() },
  };
}

/** The `Date` of an HTTP answer, epoch ms. */
function dateOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const date: unknown = Object(response.headers)['date'];
  const time = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

async function readResources(
  { cloudFormation }: Clients,
  StackName: string,
  ask: Visit['ask'],
): Promise<ReadonlyMap<string, DeployedResource>> {
  const resources = new Map<string, DeployedResource>();
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_RESOURCE_PAGES; page += 1) {
    const token = NextToken;
    const answer = await ask('cloudformation:ListStackResources', () =>
      cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken: token })),
    );
    for (const {
      LogicalResourceId = '',
      PhysicalResourceId = '',
      ResourceType = '',
    } of answer.StackResourceSummaries ?? []) {
      const resource = { logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType };
      resources.set(LogicalResourceId, resource);
    }
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  return resources;
}
