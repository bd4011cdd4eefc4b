import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeployedStack } from '../../infra/serverless/deployedStack.ts';
import { requireRelayEmpty } from '../../infra/serverless/relayLeft.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../lib/tables/objectKeys.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { Queues, sqsService } from '../../packages/local-aws/src/sqs/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const NOW = Date.now();
const [BUCKET, STACK] = ['acme-relayed', 'sluice-prod'];
const ID = relayId(NOW, '0'.repeat(24));
const directory = temporaryDirectory();

/** A stack with relay, whose collector keeps copies or not. */
function deployed(keeps: boolean, updatedAt = NOW - 3_600_000): DeployedStack {
  const Variables = keeps ? { SLUICE_RELAY_QUEUE: { Ref: 'RelayQueue' } } : { SLUICE_STAGE: 'prod' };
  const collector = { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } };
  return {
    template: { Resources: { RelayQueue: { Type: 'AWS::SQS::Queue' }, CollectLambdaFunction: collector } },
    outputs: { DataBucketName: BUCKET },
    updatedAt,
  };
}

let services: Awaited<ReturnType<typeof startServices>>;
let [queues, objects]: [Queues, ObjectStore] = [] as never;
let [s3, sqs]: [S3Client, SQSClient] = [] as never;
const urls = new Map<string, string>();
beforeAll(async () => {
  const at = { region: 'us-east-1', account: '000000000000' };
  objects = ObjectStore.open({ directory: `${directory.path}/objects`, clock: realClock });
  objects.ensureBucket(BUCKET, { eventBridge: false });
  queues = Queues.open({ directory: `${directory.path}/queues`, clock: realClock, ...at });
  services = await startServices([
    s3Service({ store: objects, clock: realClock }),
    sqsService({ queues, clock: realClock, account: at.account }),
  ]);
  s3 = new S3Client({ ...services.options, forcePathStyle: true });
  sqs = new SQSClient(services.options);
});
afterAll(async () => {
  for (const client of [s3, sqs]) client?.destroy();
  await services?.close();
  queues?.close();
  objects?.close();
  directory.remove();
});
beforeEach(async () => {
  for (const part of ['relay', 'relay-dead-letters']) {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `${STACK}-${part}` }));
    urls.set(part, QueueUrl);
  }
});

const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
const drop = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
const without = { Resources: {} };
const ask = (stack: DeployedStack | null, packaged?: object) =>
  requireRelayEmpty(services.options, STACK, stack, packaged, NOW);
const refused = (detail: string) => ({
  code: 'SLUICE_CONFIG_RELAY_NOT_EMPTY',
  detail: expect.stringContaining(detail),
});

describe('a deployment that removes relay', () => {
  it('is refused while the collector keeps copies, or kept some minutes ago', async () => {
    await expect(ask(deployed(true), without)).rejects.toMatchObject(refused('keeps copies'));
    const justNow = deployed(false, NOW - 60_000);
    await expect(ask(justNow, without)).rejects.toMatchObject(refused('less than a quarter of an hour ago'));
    await ask(deployed(false), without);
  });

  it.each(['relay', 'relay-dead-letters'])('is refused while the queue %s has messages', async (part) => {
    const QueueUrl = urls.get(part);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const name = `sluice-prod-${part} has about 1 messages`;
    await expect(ask(deployed(false), without)).rejects.toMatchObject(refused(name));
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await ask(deployed(false), without);
  });

  it('is refused while the bucket has copies', async () => {
    const keys = [
      relayWaitingKey(ID),
      relayRefusedKey({ reason: '401', at: Date.parse('2026-11-20T01:02:03.004Z'), id: ID }),
    ];
    for (const key of keys) {
      await put(key);
      await expect(ask(deployed(false), without)).rejects.toMatchObject(refused('has copies'));
      await drop(key);
    }
    await put('relay/run.json');
    await ask(deployed(false), without);
  });

  it('is not looked at where relay stays, or was not deployed', async () => {
    await put(relayWaitingKey(ID));
    await ask(deployed(true), deployed(true).template);
    await ask({ ...deployed(true), template: without }, without);
    await ask(null, without);
    await drop(relayWaitingKey(ID));
  });

  it('with the whole stack leaves what was refused to the rules of the bucket', async () => {
    await expect(ask(deployed(true))).rejects.toMatchObject(refused('keeps copies'));
    await put(relayRefusedKey({ reason: '401', at: Date.parse('2026-11-20T01:02:03.004Z'), id: ID }));
    await ask(deployed(false));
    await put(relayWaitingKey(ID));
    await expect(ask(deployed(false))).rejects.toMatchObject(refused('relay/waiting/ has copies'));
    await drop(relayWaitingKey(ID));
  });

  it('has nothing to lose in queues and a bucket that are gone', async () => {
    const gone = { ...deployed(false), outputs: { DataBucketName: 'acme-gone' } };
    await requireRelayEmpty(services.options, 'sluice-gone', gone, without, NOW);
  });
});
