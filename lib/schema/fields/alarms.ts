import * as z from 'zod';
import { whole } from '../formats.ts';
import { noted } from '../noted.ts';

/** The form of a topic's ARN: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html */
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;

/** The schema of a number of times within an hour. */
const times = () => whole('a whole number', 1, 1_000_000_000);

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
      times().default(1_000_000),
      'Requests within an hour at which the alarm `invocations` fires: about three times your busiest hour.',
    ),
    refusedKeysPerHour: noted(
      times().default(10_000),
      'Requests answered 401 within an hour at which the alarms `key-unknown`, `key-missing` and `key-not-for-events` fire.',
    ),
    silenceFromPerHour: noted(
      times().nullable().default(1_000),
      'Rows of a table that are stored within an hour, below which an hour counts as empty to the alarms `exposures-silent` and `events-silent`: a stage that never has more does not turn them on. `null`: the stack has none of them.',
    ),
  })
  .prefault({});
