import * as z from 'zod';

/** https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html */
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;

/** Whom the alarms tell. */
export const alarmsSchema = z
  .strictObject({
    /** SNS topic that every alarm is sent to, when it rings and when it is over. Default null: nobody. */
    topicArn: z
      .string('the ARN of an SNS topic')
      .regex(TOPIC_ARN, 'the ARN of an SNS topic, arn:aws:sns:<region>:<account>:<name>')
      .nullable()
      .default(null),
  })
  .prefault({});
