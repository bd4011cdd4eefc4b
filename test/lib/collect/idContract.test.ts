import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from '@jest/globals';
import * as z from 'zod';
import { startCollector } from './startCollector.ts';

/** First sentence of a failure. */
const CONTRACT =
  'event_id and quarantine_id are a contract: SDKs resend events after an upgrade, and readers remove duplicates by these IDs. Their algorithm may change only in a major version of Sluice. Change the code, not test/fixtures/eventIds.json.';

const fixture = z
  .array(
    z.strictObject({
      name: z.string(),
      query: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      isBase64Encoded: z.boolean(),
      config: z
        .strictObject({
          privacy: z.strictObject({
            redact: z.record(z.string(), z.enum(['drop', 'hash'])),
            salt: z.string(),
          }),
        })
        .optional(),
      status: z.int(),
      ids: z.strictObject({
        exposures: z.array(z.string()),
        events: z.array(z.string()),
        quarantine: z.array(z.string()),
      }),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('../../fixtures/eventIds.json', import.meta.url), 'utf8')));

async function idsOf({ query, headers, body, isBase64Encoded, config }: (typeof fixture)[number]) {
  const { send, rows } = startCollector(config === undefined ? {} : { config });
  const { status } = await send({
    rawPath: '/v1/rgstr',
    rawQueryString: query,
    headers,
    body,
    isBase64Encoded,
    requestContext: { http: { method: 'POST' } },
  });
  const ids = (wanted: readonly Readonly<Record<string, unknown>>[], name: string) =>
    wanted.map((row) => row[name]);
  return {
    status,
    ids: {
      exposures: ids(rows.exposures, 'event_id'),
      events: ids(rows.events, 'event_id'),
      quarantine: ids(rows.quarantine, 'quarantine_id'),
    },
  };
}

describe('the IDs of rows', () => {
  it.each(fixture)('do not change before the next major version: $name', async (sent) => {
    const found = await idsOf(sent);
    const { status, ids } = sent;
    if (isDeepStrictEqual(found, { status, ids })) return;
    // Jest's own message would show only the difference.
    throw new Error(`${CONTRACT}\n${sent.name}: got ${JSON.stringify(found)}`);
  });
});
