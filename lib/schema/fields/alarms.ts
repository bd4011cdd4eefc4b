import * as z from 'zod';
import { whole } from '../formats.ts';
import { noted } from '../noted.ts';

/**
 * The ARN of a standard topic, as alarms notify no FIFO topic; names of topics:
 * https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;

/** The schema of a count within an hour, up to a bound that no deployment reaches. */
const perHour = () => whole('a whole number', 1, 1_000_000_000);

/** Where alarms are sent, and thresholds that depend on the traffic. */
export const alarmsSchema = z
  .strictObject({
    topicArn: noted(
      z
        .string('the ARN of an SNS topic')
        .regex(TOPIC_ARN, 'the ARN of an SNS topic, arn:aws:sns:<region>:<account>:<name>')
        .nullable()
        .default(null),
      "SNS topic of the stack's region, of any account, to which every alarm is sent, when it starts and when it ends.",
      'alarms show in CloudWatch only, and nobody is notified',
    ),
    invocationsPerHour: noted(
      perHour().default(1_000_000),
      'Invocations of the collector within an hour, one a request, at which the alarm `invocations` fires. Set it to about three times your busiest hour.',
    ),
    refusedKeysPerHour: noted(
      perHour().default(10_000),
      'Requests answered 401 for one reason within an hour at which the alarm of that reason fires: `key-unknown`, `key-missing` or `key-not-for-events`.',
    ),
    silenceFromPerHour: noted(
      perHour().nullable().default(1_000),
      'Rows of a table within an hour. The alarms `exposures-silent` and `events-silent` count each quarter of an hour in which less than a fourth of them is stored as empty. A stage that never stores so many in a quarter does not turn them on. `null`: the stack has none of them.',
    ),
  })
  .prefault({});
