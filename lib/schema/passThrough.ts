import * as z from 'zod';
import { baseUrl } from './fields/baseUrl.ts';
import { noted } from './noted.ts';

/** Reads of SDKs under the collector's address, and their hosts: docs/sdks.md, "SDKs with one address". */
export const passThroughSchema = z
  .strictObject({
    statsig: noted(
      z.literal(true, 'true').optional(),
      'Fetch from Statsig: GET from `api.statsigcdn.com`, POST from `statsigapi.net`.',
      '`url` says from where',
    ),
    url: noted(
      baseUrl().optional(),
      "Fetch from another host in Statsig's place, for example a forward proxy.",
      '`statsig: true`',
    ),
  })
  .refine((host) => (host.statsig === undefined) !== (host.url === undefined), {
    error: '{ statsig: true } or { url: "https://…" }',
  });

/** `passThrough` of the configuration. */
export type PassThrough = z.output<typeof passThroughSchema>;
