import { isIP } from 'node:net';
import * as z from 'zod';
import { isPublicAddress } from '../../base/publicAddress.ts';
import { LOOPBACK_HOSTS } from '../relay.ts';
import { noted } from './noted.ts';

/** Where receipts lie in a customer's bucket unless the configuration says otherwise. */
const DEFAULT_PREFIX = 'sluice-receipts';

/** Nothing in it means something else in the ARN of a policy, and no part is `.` or `..`. */
const PREFIX = /^(?!(.*\/)?\.\.?(\/|$))[\w.=-]+(\/[\w.=-]+)*$/;

/** As Standard Webhooks write a secret: 24 to 64 bytes. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;
const SECRET_BYTES = { least: 24, most: 64 } as const;

const url = z
  .string('an address')
  .max(2_048, 'an address of at most 2048 characters')
  .superRefine((text, context) => {
    const problem = addressProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

/** What an address should have been, in words; null for one that fits. */
function addressProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'an address: https:// and a host';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'an address without a user: receipts are signed';
  if (hash !== '' || text.endsWith('#')) return 'an address without #';
  if (LOOPBACK_HOSTS.has(hostname) && (protocol === 'https:' || protocol === 'http:')) return null;
  if (protocol !== 'https:')
    return 'an address with https://; http:// only on this machine, 127.0.0.1 or localhost';
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) === 0 || isPublicAddress(address)
    ? null
    : 'an address of the internet, not of this machine, its network or its metadata';
}

function secretBytes(text: string): number {
  return Buffer.from(text.slice('whsec_'.length), 'base64').byteLength;
}

const webhook = z
  .strictObject({
    url: noted(
      url,
      {
        text: 'Where receipts are sent, as POST. `http://` only on this machine. No redirect is followed.',
        example: 'https://hooks.example.com/sluice',
      },
      'functions',
    ),
    secret: noted(
      z
        .string('a secret')
        .regex(SECRET, 'whsec_ and Base64: `openssl rand -base64 32` makes it')
        .refine(
          (text) => secretBytes(text) >= SECRET_BYTES.least && secretBytes(text) <= SECRET_BYTES.most,
          'whsec_ and 24 to 64 bytes in Base64',
        )
        .optional(),
      {
        text: 'Secret that signs them, by [Standard Webhooks](https://www.standardwebhooks.com/): `whsec_` and 24 to 64 bytes in Base64. The customer has it too, and verifies with it. Take it from an environment variable when you deploy.',
        absent: 'receipts are not signed',
        example: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
      },
      'functions',
    ),
  })
  // An unset variable would send receipts without a signature.
  .refine((hook) => !('secret' in hook) || hook.secret !== undefined, {
    path: ['secret'],
    message:
      'a secret: the environment variable that it is taken from is not set. Leave `secret` out if receipts are not signed',
  });

/** What a customer gets of each load of their files: docs/ingest.md, "Receipts". */
export const receiptSchema = z
  .strictObject({
    bucket: noted(
      z.boolean('true or false').default(false),
      {
        text: "Write it into the customer's bucket, which has to allow `s3:PutObject` on `prefix`.",
        example: true,
      },
      'in place',
      'Permissions change. The policies that the customer applied must fit: `npx sluice policy print`.',
    ),
    prefix: noted(
      z
        .string('a folder')
        .regex(PREFIX, 'a folder of letters, digits and _ . = -, without slash at either end')
        .max(200, 'a folder of at most 200 characters')
        .default(DEFAULT_PREFIX),
      { text: "Folder of receipts in the bucket, apart from every dataset's.", example: 'receipts' },
      'in place',
      'Permissions change. Older receipts stay in the old folder.',
    ),
    webhook: noted(webhook.optional(), {
      text: 'Send it to an address of the customer.',
      absent: 'none',
      example: { url: 'https://hooks.example.com/sluice' },
    }),
  })
  .refine(
    ({ bucket, webhook: hook }) => bucket || hook !== undefined,
    'bucket: true, webhook, or both: leave `receipt` out for none',
  );

/** An address for receipts, and what signs them. */
export type ReceiptWebhook = z.output<typeof webhook>;
