import { AwsError } from '../protocol/AwsError.ts';

/** A pattern that EventBridge would not accept: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
export const invalidPattern = (reason: string) =>
  new AwsError('InvalidEventPatternException', 400, `Event pattern is not valid. Reason: ${reason}`);
