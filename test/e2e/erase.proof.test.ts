import { afterAll, describe, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const metabase: NonNullable<ConfigInput['readers']>[number] = { kind: 'metabase', name: 'metabase' };

const story = await storyCloud({ readers: [metabase] }, { startsAt: '2026-11-19T12:00:00Z' });
afterAll(() => story.close());

async function land(userID: string, time: string): Promise<void> {
  const events = [{ eventName: 'seen', user: { userID }, time: Date.parse(time) }];
  expect(await story.post({ events })).toBe(202);
  await story.cloud.flush();
}

/** Days and users, as Metabase's own user reads them. */
async function seenByReader(): Promise<string[]> {
  const reader = await story.credentialsOf('ReaderMetabaseUser');
  const sql = 'SELECT user_id, ds FROM sluice.product_events ORDER BY 1';
  return (await story.ask(sql, reader, 'sluice_metabase')).map((row) => `${row['user_id']} ${row['ds']}`);
}

/** Folder and day of each file of events. */
const folders = async () =>
  (await story.keys('')).flatMap((key) => {
    const [, folder, day] = /^(\w+)\/statsig_forwarded_events\/\w+\/([\d-]+)\//.exec(key) ?? [];
    return folder === undefined ? [] : [`${folder} ${day}`];
  });

describe('a deployment whose Statsig folder changes', () => {
  it('keeps earlier days readable for tables and readers, and takes what is late for them', async () => {
    await land('ada', '2026-11-19T10:00:00Z');
    const formerStatsigFolders = [{ folder: 'statsig', until: '2026-11-21' }];
    await story.restart({ readers: [metabase], statsigFolder: 'acme', formerStatsigFolders });
    await story.jumpTo('2026-11-22T12:00:00Z');
    await land('bob', '2026-11-19T11:00:00Z');
    await land('eve', '2026-11-22T11:00:00Z');
    expect(await folders()).toEqual(['acme 2026-11-22', 'statsig 2026-11-19', 'statsig 2026-11-19']);
    expect(await seenByReader()).toEqual(['ada 2026-11-19', 'bob 2026-11-19', 'eve 2026-11-22']);
  });

  it('erases a person in both folders', async () => {
    const units = ['ada', 'eve'].flatMap((name) => ['--unit', `user_id=${name}`]);
    const erased = await story.sluice('erase', ...units);
    // 3 as more may still be on its way.
    expect(erased).toMatchObject({ code: 3, stdout: expect.stringMatching(/^events +3 +3 +2 /m) });
    expect(await seenByReader()).toEqual(['bob 2026-11-19']);
    expect(story.refusals).toEqual([]);
  });
});
