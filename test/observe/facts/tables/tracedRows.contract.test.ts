import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../../observe/deployment.ts';
import { isAbout, readTracedTables, type TraceFilter } from '../../../../observe/facts/tables/tracedRows.ts';
import { tableAthena } from '../../../harness/tableAthena.ts';

const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id' } });
const athena = await tableAthena(config);
const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: 0 };
const opened = openDeployment(about, { region: 'us-east-1' });
afterAll(() => {
  opened.close();
  athena.close();
});

/** Refused events as they were sent, and a refused row. Each is another reason. */
const RAW = {
  user: '{"eventName":"a","user":{"userID":"4711"}}',
  device: '{"user":{"stableID":"4711"}}',
  company: '{"user":{"customIDs":{"companyID":"4711"}}}',
  number: '{"user":{"userID":4711},"value":1}',
  lastNumber: '{"user":{"plan":"a","customIDs":{"companyID":4711}}}',
  row: '{"event_name":"a","company_id":"4711"}',
  longer: '{"user":{"userID":47110,"stableID":"47110"}}',
  otherMember: '{"value":4711,"user":{"userID":"u"}}',
};
const refused = Object.entries(RAW).map(([reason, raw]) => ({
  reason,
  raw,
  quarantine_id: reason,
  received_at: '2026-11-20 08:00:00',
  ds: '2026-11-20',
}));
await athena.insert(config.tables.quarantine, ...refused);

describe.each<{ readonly what: string; readonly filter: TraceFilter; readonly found: readonly string[] }>([
  {
    what: 'a unit that is a number',
    filter: { unit: '4711' },
    found: ['company', 'device', 'lastNumber', 'number', 'row', 'user'],
  },
  { what: 'a unit that is a text', filter: { unit: 'u' }, found: ['otherMember'] },
  { what: 'an event', filter: { event: 'row' }, found: ['row'] },
])('of refused events those are about $what whose JSON has it', ({ filter, found }) => {
  it('in quarantine', async () => {
    const days = { from: '2026-11-20', to: '2026-11-20' } as const;
    const deployment = { ...opened, athena: athena.athena, wait: async () => undefined };
    const { refusals } = await readTracedTables(deployment, { filter, days, most: 9 });
    expect(refusals.map(({ reason }) => reason)).toEqual(found);
  });

  it('in what waits', () => {
    const waiting = refused.filter((row) => isAbout(row, filter, config.unitIds));
    expect(waiting.map(({ reason }) => reason).sort()).toEqual(found);
  });
});
