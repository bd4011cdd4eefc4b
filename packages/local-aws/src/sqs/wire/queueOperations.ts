import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';
import type { AwsRequest } from '../../protocol/AwsService.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidParameter, purgeInProgress } from '../errors.ts';
import { SQS_LIMITS } from '../limits.ts';
import { queueNameSchema } from '../model/queueSettings.ts';
import type { Queues } from '../Queues.ts';
import { queueAttributes, settingsFromAttributes } from './attributes.ts';

const byUrl = { QueueUrl: z.string() };

/** Create, find and inspect queues. */
export function queueOperations(queues: Queues, account: string): Record<string, JsonOperation> {
  return {
    CreateQueue: operation({
      input: z.strictObject({
        QueueName: z.string(),
        Attributes: z.record(z.string(), z.string()).default({}),
        tags: z.record(z.string(), z.string()).optional(),
      }),
      run: ({ QueueName, Attributes }, request) => {
        if (QueueName.endsWith('.fifo')) throw notImplemented('sqs CreateQueue of a FIFO queue');
        const settings = settingsFromAttributes(Attributes);
        const queue = queues.create(queueName(QueueName), settings);
        return { QueueUrl: queues.urlOf(queue.name, endpointOf(request)) };
      },
    }),
    GetQueueUrl: operation({
      input: z.strictObject({ QueueName: z.string(), QueueOwnerAWSAccountId: z.string().optional() }),
      run: ({ QueueName, QueueOwnerAWSAccountId: owner = account }, request) => {
        // Another account's queue isn't there: byUrl says so in SQS's own words.
        const queue = queues.byUrl(`http://queue/${owner}/${QueueName}`);
        return { QueueUrl: queues.urlOf(queue.name, endpointOf(request)) };
      },
    }),
    ListQueues: operation({
      input: z.strictObject({
        QueueNamePrefix: z.string().default(''),
        MaxResults: z.int().min(1).max(SQS_LIMITS.queuePage).default(SQS_LIMITS.queuePage),
        NextToken: z.string().default(''),
      }),
      run: ({ QueueNamePrefix, MaxResults, NextToken }, request) => {
        const names = queues
          .all()
          .map(({ name }) => name)
          .filter((name) => name.startsWith(QueueNamePrefix) && name > NextToken);
        const taken = names.slice(0, MaxResults);
        const urls = taken.map((name) => queues.urlOf(name, endpointOf(request)));
        return {
          ...(urls.length > 0 ? { QueueUrls: urls } : {}),
          ...(names.length > MaxResults ? { NextToken: taken.at(-1) } : {}),
        };
      },
    }),
    GetQueueAttributes: operation({
      input: z.strictObject({ ...byUrl, AttributeNames: z.array(z.string()).default([]) }),
      run: ({ QueueUrl, AttributeNames }) => {
        const attributes = queueAttributes(queues.byUrl(QueueUrl), AttributeNames);
        return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
      },
    }),
    PurgeQueue: operation({
      input: z.strictObject(byUrl),
      run: ({ QueueUrl }) => {
        const queue = queues.byUrl(QueueUrl);
        if (!queue.purge()) throw purgeInProgress(queue.name, SQS_LIMITS.purgeInterval);
      },
    }),
  };
}

function queueName(name: string): string {
  if (!queueNameSchema.safeParse(name).success) {
    throw invalidParameter(
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  return name;
}

/** URLs point back at whatever name the caller reached us under. */
function endpointOf(request: AwsRequest): string {
  return `http://${request.headers.host ?? '127.0.0.1'}`;
}
