import type { LocalClock } from '../base/LocalClock.ts';
import { memberOf } from '../base/memberOf.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/JsonService.ts';
import { invalidParameter, queryErrorHeaders } from './errors.ts';
import type { Queues } from './Queues.ts';
import { batchOperations } from './wire/batchOperations.ts';
import { messageOperations } from './wire/messageOperations.ts';
import { queueOperations } from './wire/queueOperations.ts';

/** Amazon SQS on the wire: standard queues. */
export function sqsService(options: {
  readonly queues: Queues;
  readonly clock: LocalClock;
  readonly account: string;
}): AwsService {
  const { queues, clock, account } = options;
  return jsonService({
    signingName: 'sqs',
    targetPrefix: 'AmazonSQS',
    contentType: 'application/x-amz-json-1.0',
    invalidInput: invalidParameter,
    errorHeaders: queryErrorHeaders,
    resource: (input) => memberOf(input, 'QueueUrl', 'QueueName')?.split('/').at(-1),
    operations: {
      ...queueOperations(queues, account),
      ...messageOperations(queues, clock, account),
      ...batchOperations(queues),
    },
  });
}
