import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Telling } from '../monitors/tellText.ts';

let shared: SNSClient | undefined;

/** The shared client of SNS, created on first use. */
export function snsClient(): SNSClient {
  shared ??= new SNSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return shared;
}

/**
 * Publishes messages to a topic. SNS has no token that makes a repeated call the same message, except in FIFO topics, so a
 * message whose answer is lost arrives twice. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 *
 * @returns A function that throws what the client throws.
 */
export function snsTopic(client: SNSClient, topicArn: string): (telling: Telling) => Promise<void> {
  return async ({ subject, text }) => {
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text }));
  };
}
