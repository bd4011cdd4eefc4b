import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/QueryService.ts';

/** Messages that are kept, the newest. */
const KEPT = 1_000;
/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const LARGEST_BYTES = 262_144;

/** A message that a topic took. */
export interface PublishedMessage {
  /** When, ISO 8601. */
  readonly at: string;
  readonly topic: string;
  /** Null without one. */
  readonly subject: string | null;
  readonly message: string;
}

/** Published messages, the newest last. */
export class Topics {
  readonly #clock: Clock;
  #messages: PublishedMessage[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  list(): readonly PublishedMessage[] {
    return this.#messages;
  }

  publish(message: Omit<PublishedMessage, 'at'>): void {
    const at = new Date(this.#clock.now()).toISOString();
    this.#messages = [...this.#messages.slice(1 - KEPT), { at, ...message }];
  }
}

const publishSchema = z.strictObject({
  TopicArn: z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/),
  // ASCII, on one line, below 100 characters, beginning with a letter, number or punctuation mark.
  Subject: z
    .string()
    .regex(/^[!-~][ -~]{0,98}$/)
    .optional(),
  Message: z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= LARGEST_BYTES),
});

/** SNS on the wire, as far as others publish: every ARN is a topic without subscribers, and keeps what it takes in memory. */
export function snsService({ topics }: { readonly topics: Topics }): AwsService {
  return queryService({
    signingName: 'sns',
    version: '2010-03-31',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    // A form triples what it escapes.
    bodyLimitBytes: 4 * LARGEST_BYTES,
    operations: new Map([
      queryOperation({
        name: 'Publish',
        input: z.looseObject({}),
        run(members) {
          const parsed = publishSchema.safeParse(members);
          if (!parsed.success)
            throw new AwsError(
              'InvalidParameter',
              400,
              `Invalid parameter: ${z.prettifyError(parsed.error)}`,
            );
          const { TopicArn: topic, Subject: subject = null, Message: message } = parsed.data;
          topics.publish({ topic, subject, message });
          return [['MessageId', randomUUID()]];
        },
      }),
    ]),
  });
}
