import { createHmac } from 'node:crypto';
import type { ReceiptWebhook } from '../../schema/fields/receipt.ts';
import type { WebhookRequest } from './ReceiptPorts.ts';

/**
 * A receipt as Standard Webhooks send it: its ID, the time and, with a secret, an HMAC-SHA256 of both and the body. A repeat
 * has the same ID, and a signature of its own time.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
 *
 * @param now Epoch milliseconds.
 */
export function webhookRequest(
  { url, secret }: ReceiptWebhook,
  id: string,
  text: string,
  now: number,
): WebhookRequest {
  const { origin, pathname, search } = new URL(url);
  const timestamp = String(Math.floor(now / 1_000));
  return {
    origin,
    path: `${pathname}${search}`,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Sluice',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(secret === undefined ? {} : { 'webhook-signature': signature(secret, id, timestamp, text) }),
    },
    body: Buffer.from(text),
  };
}

function signature(secret: string, id: string, timestamp: string, text: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64')}`;
}
