import type { CopyObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import type { ObjectStore } from '../../lib/base/ObjectStore.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import type { Faults } from '../../packages/local-aws/src/faults/index.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { startAws } from '../harness/startAws.ts';

/** The time of the deployments, epoch milliseconds. */
export const NOW = Date.UTC(2026, 10, 24, 10);
/** 14 hours ahead of UTC: there it is the day after. */
const EARLY = 'Pacific/Kiritimati';

/** A deployment with relay, an export, dataset `events` of `acme` and `orders` of `beta`, and with a bucket and queues of its own. */
export interface Operated {
  /** The deployment. */
  readonly deployment: Deployment;
  /** Its bucket. */
  readonly store: ObjectStore;
  /** The keys of all objects. */
  keys(): Promise<readonly string[]>;
  /** The bodies of the messages of a queue, which stay there. @param part Its name without the stack's. */
  bodies(part: string): Promise<readonly string[]>;
  /** As {@link Operated.bodies}, parsed. */
  requests(part: string): Promise<readonly unknown[]>;
  /** Sends a message to a queue. */
  send(part: string, body: string): Promise<void>;
  /** The deployment, in which something is done each time that a call of this name is about to be sent to S3. */
  doingBefore(call: string, act: () => Promise<unknown>): Deployment;
}

/** The services in which deployments are operated. */
interface OperatedServices {
  /** Faults of the services. */
  readonly faults: Faults;
  /** Makes a deployment, which the services close. */
  create(): Promise<Operated>;
  /** Ends the services. */
  close(): Promise<void>;
}

/** Starts S3 and SQS for deployments. */
export async function startOperated(): Promise<OperatedServices> {
  const aws = await startAws({ clock: new ManualClock(NOW) });
  const opened: Deployment[] = [];
  return {
    faults: aws.faults,
    async create() {
      const stage = `s${opened.length}`;
      const { endpoint, region, credentials } = aws.options;
      const deployment = openDeployment(
        { config: configOf(stage), stack: { service: 'sluice', stage }, isLocal: false, now: NOW },
        { endpoint, region, credentials },
      );
      opened.push(deployment);
      const { sqs, s3, config } = deployment;
      aws.store.createBucket(config.bucket);
      const urls: Record<string, string | undefined> = {};
      const createQueue = async (part: string) => {
        const QueueName = `sluice-${stage}-${part}`;
        urls[part] = (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl;
        return aws.queues.byName(QueueName);
      };
      for (const part of ['relay', 'relay-dead-letters', 'ingest-plan', 'export', 'curate-plan'])
        await createQueue(part);
      const { arn: deadLetterTargetArn } = await createQueue('write-dead-letters');
      const { name, settings } = await createQueue('write');
      aws.queues.ensure(name, { ...settings, RedrivePolicy: { deadLetterTargetArn, maxReceiveCount: 10 } });
      const store = s3ObjectStore(s3, config.bucket);
      const operated: Operated = {
        deployment,
        store,
        keys: async () => (await store.listPage('')).items.map(({ key }) => key),
        async bodies(part) {
          const received = { QueueUrl: urls[part], MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
          const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(received));
          return Messages.map(({ Body = '' }) => Body);
        },
        requests: async (part) => (await operated.bodies(part)).map((body): unknown => JSON.parse(body)),
        async send(part, MessageBody) {
          await sqs.send(new SendMessageCommand({ QueueUrl: urls[part], MessageBody }));
        },
        doingBefore(call, act) {
          const send = async (command: object) => {
            if (command.constructor.name === call) await act();
            return s3.send(command as CopyObjectCommand);
          };
          return { ...deployment, s3: Object.assign(Object.create(s3), { send }) };
        },
      };
      return operated;
    },
    async close() {
      for (const deployment of opened) deployment.close();
      await aws.close();
    },
  };
}

/** The configuration of a stage. */
function configOf(stage: string): Deployment['config'] {
  const lookbackDays = 3;
  return defineConfig({
    bucket: `sluice-own-${stage}`,
    relay: { statsig: true },
    sources: [
      acmeSource({
        bucket: 'acme-drops',
        datasets: [eventsDataset({ lookbackDays, expectedBy: { hour: 6 } })],
      }),
      acmeSource({
        name: 'beta',
        bucket: 'beta-drops',
        datasets: [eventsDataset({ name: 'orders', lookbackDays, timezone: EARLY })],
      }),
    ],
    exports: [exportTo({ bucket: 'out' }, { name: 'raw', lookbackDays: 2 })],
  });
}
