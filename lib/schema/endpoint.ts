import * as z from 'zod';
import { certificateArn, domainName, logDays } from './fields/platform.ts';
import { whole } from './formats.ts';
import { noted } from './noted.ts';

/** The kinds of endpoints that SDKs can post to. */
const ENDPOINT_KINDS = ['http-api', 'function-url', 'both'] as const;

/** Requests a second, or at once. `because` says why the number is bounded. */
const rate = (because?: string) => whole('a whole number', 1, 1_000_000, because);

/** Where SDKs post to, and how much it takes. */
export const endpointSchema = z
  .strictObject({
    kind: noted(
      z.enum(ENDPOINT_KINDS, 'http-api, function-url or both').default('http-api'),
      '`http-api` (API Gateway), `function-url`, or `both` while SDKs move: [A Function URL](endpoint.md#a-function-url).',
    ),
    domain: noted(
      domainName().nullable().default(null),
      'A domain of your own for the gateway, with `certificateArn`: [A domain of your own](platform.md#a-domain-of-your-own).',
      "SDKs post to the gateway's own address",
    ),
    certificateArn: noted(
      certificateArn().nullable().default(null),
      'The certificate of `domain`, in AWS Certificate Manager, in the account and region of the stack.',
      'none',
    ),
    accessLogDays: noted(
      logDays().nullable().default(null),
      "Days for which the gateway's [access log](endpoint.md#an-access-log) is kept.",
      'no such log',
    ),
    requestsPerSecond: noted(
      rate('0 would take nothing').nullable().default(null),
      "Requests a second that the gateway's stage takes.",
      'as many as the account takes in the region',
    ),
    burst: noted(
      rate().nullable().default(null),
      'Requests at once that the stage takes.',
      "the account's quota in the region, 5,000 or 1,250",
    ),
    accountRequestsPerSecond: noted(
      rate().nullable().default(null),
      'Requests a second that API Gateway takes for the whole account in the region.',
      'the quota of the region, 10,000 or 2,500',
    ),
  })
  .prefault({});

/** `endpoint` of the configuration. */
export type Endpoint = z.output<typeof endpointSchema>;

/** Whether there is an API Gateway. */
export function hasGateway({ kind }: Pick<Endpoint, 'kind'>): boolean {
  return kind !== 'function-url';
}

/** Whether there is a Function URL. */
export function hasFunctionUrl({ kind }: Pick<Endpoint, 'kind'>): boolean {
  return kind !== 'http-api';
}
