import { alarms } from '../../infra/alarms/alarms.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { withRows } from './withRows.ts';

const dataset = { name: 'events', kind: 'events' } as const;
const target = { bucket: 'acme-warehouse', owner: '444455556666' };

/** A configuration that has every alarm, including the alarms of the two endpoints. */
const everything: ConfigInput = {
  bucket: 'acme-experiments',
  endpoint: { kind: 'both' },
  relay: { statsig: true },
  curate: true,
  sources: [
    {
      ...{ name: 'acme', bucket: 'acme-drops', owner: '444455556666' },
      datasets: [
        { ...dataset, expectedBy: { hour: 9 } },
        { ...dataset, name: 'clicks', schedule: 'hourly' },
      ],
    },
  ],
  exports: [
    { name: 'events', table: 'statsig_forwarded_events', target },
    { name: 'clicks', table: 'acme_clicks', schedule: 'hourly', target: { ...target, folder: 'clicks' } },
  ],
};

/** docs/operate.md with the table of alarms written anew. All other text stays. */
export function operatePage(page: string): string {
  const stack = { service: 'sluice', stage: 'prod', config: defineConfig(everything) };
  const rows = Object.values(alarms(stack)).map(({ Properties }) => {
    const { AlarmName, AlarmDescription } = Properties;
    const [, says = '', section = ''] =
      /^(.*): see docs\/operate\.md, "(.*)"$/.exec(String(AlarmDescription)) ?? [];
    const anchor = section.toLowerCase().replaceAll(',', '').replaceAll(' ', '-');
    return `| \`${String(AlarmName).replace('sluice-prod-', '')}\` | ${says} | [${section}](#${anchor}) |`;
  });
  return withRows(page, 'alarm', rows);
}
