import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { dataFolders } from '../../local/cloud/dataDirectory.ts';

/** The collector's line for one request, as far as the demo reads it. */
const lineSchema = z.object({
  event: z.literal('collect'),
  events: z.number().default(0),
  exposures_landed: z.number().default(0),
  events_landed: z.number().default(0),
  records: z.number().default(0),
  counted: z.record(z.string(), z.number()).default({}),
});

/** What the collector's log says: requests, events in them, those put on streams, those only counted, records made. */
export function receivedEvents(data: string) {
  const { logs } = dataFolders(data);
  const received = { requests: 0, events: 0, landed: 0, counted: 0, records: 0 };
  for (const line of readdirSync(logs).flatMap((file) =>
    readFileSync(join(logs, file), 'utf8').split('\n'),
  )) {
    const parsed = line === '' ? undefined : lineSchema.safeParse(JSON.parse(line));
    if (parsed?.success !== true) continue;
    const { events, exposures_landed, events_landed, records, counted } = parsed.data;
    received.requests += 1;
    received.events += events;
    received.landed += exposures_landed + events_landed;
    received.records += records;
    received.counted += Object.values(counted).reduce((sum, count) => sum + count, 0);
  }
  return received;
}
