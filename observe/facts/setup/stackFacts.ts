import { lookup } from 'node:dns/promises';
import { GetAccountCommand, GetDomainNameCommand } from '@aws-sdk/client-api-gateway';
import {
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { type DeliveryStreamDescription, DescribeDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { Unread } from '../askAws.ts';
import type { Setup } from './Setup.ts';

/** Milliseconds between two looks at a detection of drift, which takes some minutes. */
const DRIFT_PAUSE_MS = 5_000;

/** Has CloudFormation compare the resources with the template, and waits for it. */
export async function readDrifts({
  ask,
  clients: { cloudFormation: client },
  stackName: StackName,
  wait,
}: Setup): Promise<readonly StackResourceDrift[]> {
  const { StackDriftDetectionId } = await ask('cloudformation:DetectStackDrift', () =>
    client.send(new DetectStackDriftCommand({ StackName })),
  );
  const isRunning = () =>
    ask('cloudformation:DescribeStackDriftDetectionStatus', async () => {
      const answer = await client.send(
        new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
      );
      return answer.DetectionStatus === 'DETECTION_IN_PROGRESS';
    });
  while (await isRunning()) await wait(DRIFT_PAUSE_MS);
  return ask('cloudformation:DescribeStackResourceDrifts', async () => {
    const drifts: StackResourceDrift[] = [];
    for await (const page of paginateDescribeStackResourceDrifts(
      { client },
      { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    ))
      drifts.push(...(page.StackResourceDrifts ?? []));
    return drifts;
  });
}

/** The gateway's domain, and where its name leads. */
export interface DomainFacts {
  readonly name: string;
  readonly status: string | undefined;
  readonly why: string | undefined;
  readonly certificate: string | undefined;
  /** The gateway's own name, to which the domain has to lead. */
  readonly target: string;
  /** Of the domain; none without a record. */
  readonly addresses: readonly string[];
  /** Of the target. */
  readonly expected: readonly string[];
}

/** Reads the domain. API Gateway has one list of domains, whichever of its two APIs made them. */
export async function readDomain(
  { ask, clients: { apiGateway } }: Setup,
  name: string,
): Promise<DomainFacts> {
  const found = await ask(
    'apigateway:GET',
    () => apiGateway.send(new GetDomainNameCommand({ domainName: name })),
    { what: `The domain ${name}` },
  );
  const { regionalDomainName: target = '' } = found;
  return {
    ...{ name, target, status: found.domainNameStatus, why: found.domainNameStatusMessage },
    certificate: found.regionalCertificateArn,
    addresses: await addressesOf(name),
    expected: await addressesOf(target),
  };
}

/** As this machine resolves a name; none if it cannot. */
async function addressesOf(name: string): Promise<readonly string[]> {
  if (name === '') return [];
  try {
    const found = await lookup(name, { all: true });
    return found.map(({ address }) => address);
  } catch {
    return [];
  }
}

/** Reads the delivery stream. @param commands They make it again. */
export async function readDeliveryStream(
  { ask, clients: { firehose }, resources }: Setup,
  commands: readonly string[],
): Promise<Partial<DeliveryStreamDescription>> {
  const DeliveryStreamName = resources.get(logicalIds.stream)?.physicalId;
  const missing = { what: DeliveryStreamName ?? logicalIds.stream, commands };
  if (DeliveryStreamName === undefined) throw missingResource(missing);
  const { DeliveryStreamDescription = {} } = await ask(
    'firehose:DescribeDeliveryStream',
    () => firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName })),
    missing,
  );
  return DeliveryStreamDescription;
}

function missingResource(missing: { readonly what: string; readonly commands: readonly string[] }) {
  return new Unread('missing', `${missing.what}.`, missing.commands);
}

/** Reads how many messages a queue holds. @param commands They make it again. */
export async function readQueue(
  { ask, clients: { sqs }, resources }: Setup,
  logicalId: string,
  commands: readonly string[],
) {
  const QueueUrl = resources.get(logicalId)?.physicalId;
  if (QueueUrl === undefined) throw missingResource({ what: `The queue ${logicalId}`, commands });
  const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  const { Attributes = {} } = await ask(
    'sqs:GetQueueAttributes',
    () =>
      sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: [
            'QueueArn',
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesNotVisible',
          ],
        }),
      ),
    { what: `The queue ${name}`, commands },
  );
  const messages =
    Number(Attributes.ApproximateNumberOfMessages ?? 0) +
    Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0);
  return { name, arn: Attributes.QueueArn ?? name, messages };
}

/** What API Gateway accepts in this account: Service Quotas shows 10,000 requests where 2,500 are accepted. */
export interface GatewayLimits {
  readonly rate: number;
  readonly burst: number;
}

/** Asks API Gateway for the effective limits. */
export async function readGatewayLimits({ ask, clients: { apiGateway } }: Setup): Promise<GatewayLimits> {
  const { throttleSettings: { rateLimit, burstLimit } = {} } = await ask('apigateway:GET', () =>
    apiGateway.send(new GetAccountCommand({})),
  );
  if (rateLimit === undefined || burstLimit === undefined)
    throw new Unread('unchecked', 'The limits of API Gateway in this account.');
  return { rate: rateLimit, burst: burstLimit };
}

/** Executions at once in this account, and those that no function has reserved. */
export interface LambdaLimits {
  readonly total: number;
  readonly unreserved: number;
}

/** Asks Lambda for the account's concurrency. */
export async function readLambdaLimits({ ask, clients: { lambda } }: Setup): Promise<LambdaLimits> {
  const { AccountLimit = {} } = await ask('lambda:GetAccountSettings', () =>
    lambda.send(new GetAccountSettingsCommand({})),
  );
  const { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved } = AccountLimit;
  if (total === undefined || unreserved === undefined)
    throw new Unread('unchecked', 'The executions of Lambda in this account.');
  return { total, unreserved };
}
