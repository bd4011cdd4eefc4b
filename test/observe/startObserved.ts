import { hash } from 'node:crypto';
import { directRecordKey, rowPath } from '../../lib/tables/objectKeys.ts';
import { removeVersion, storyCloud } from '../harness/storyCloud.ts';
import { recordOf } from './startLanding.ts';

/** A local cloud on a clock that tests move, and what questions are asked about it. */
export async function startObserved(startMs: number) {
  const story = await storyCloud(undefined, { startsAt: new Date(startMs).toISOString() });
  const { cloud, clock } = story;
  const s3 = story.s3By();
  return {
    cloud,
    clock,
    control: story.control.bind(story),
    keys: story.keys.bind(story),
    sluice: story.sluice.bind(story),
    deployment: story.deployment.bind(story),
    close: () => story.close(),
    options: story.clientOptions(),
    /** Posts one body as an SDK does. */
    async send(body: object | string, headers: Readonly<Record<string, string>> = {}) {
      const sent = typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await story.sendAsSdk({ body: sent, headers });
      await answer.arrayBuffer();
      return { status: answer.status, requestId: answer.headers.get('apigw-requestid') ?? '' };
    },
    remove: (Key: string) => removeVersion(s3, cloud.bucket, Key),
    /** Lands quarantine rows of events that their table did not take, and takes by now. They are received now. */
    async landUnfit(users: readonly string[]): Promise<void> {
      const received_at = new Date(clock.now()).toISOString();
      const day = received_at.slice(0, 10);
      const path = rowPath('landing/2026/11/20/08/x', 'events', day);
      const rows = users.map((user_id) => {
        const event_id = hash('md5', user_id);
        const own = { event_id, event_name: 'buy', user_id, timestamp: received_at, received_at };
        const raw = { raw: JSON.stringify(own), raw_encoding: 'text' };
        const refused = {
          quarantine_id: hash('md5', event_id),
          received_at,
          reason: 'SLUICE_ROW_UNFIT',
          path,
        };
        return { day, json: JSON.stringify({ ...refused, ...raw }) };
      });
      const bytes = recordOf({ quarantine: rows });
      await story.put(directRecordKey(day, hash('sha256', bytes)), bytes);
    },
  };
}
