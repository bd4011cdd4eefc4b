import { GlueClient } from '@aws-sdk/client-glue';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ForwardedKind } from '../../../../lib/schema/kinds.ts';
import { prestoViewText } from '../../../../lib/views/prestoView.ts';
import { viewNames } from '../../../../lib/views/viewNames.ts';
import { views } from '../../../../lib/views/views.ts';
import { readViewDays } from '../../../../observe/facts/days/viewDays.ts';
import { answeredBy, named } from '../../../harness/answering.ts';

const config = defineConfig({ bucket: 'acme' });
const texts = views(config, {
  exposures: [{ from: '2026-11-01', to: '2026-11-05' }],
  events: [{ from: '2026-11-08', to: '2026-11-10' }],
});
/** A catalog without one of the views, where somebody has changed another. */
const glue = answeredBy(GlueClient, ({ input }) => {
  const name = viewNames.find((viewName) => viewName === input['Name']);
  if (name === undefined || name === 'first_exposures') throw named('EntityNotFoundException');
  const ViewOriginalText =
    name === 'secondary_exposures' ? 'SELECT 1' : prestoViewText(texts[name], config.database);
  return { Table: { Name: name, ViewOriginalText } };
});
const DAYS = ['10-31', '11-01', '11-05', '11-06', '11-07', '11-08', '11-10', '11-11'];

it.each<{ kind: ForwardedKind; shown: readonly unknown[] }>([
  {
    kind: 'exposures',
    shown: [
      ['experiment_exposures', null, ['11-01', '11-05']],
      ['first_exposures', 'missing', []],
      ['secondary_exposures', 'other', []],
    ],
  },
  { kind: 'events', shown: [['product_events', null, ['11-08', '11-10']]] },
])('views read days of curated $kind by their own text', async ({ kind, shown }) => {
  const found = await readViewDays({ glue, config }, kind);
  expect(
    found.map(({ view, fault, has }) => [view, fault, DAYS.filter((day) => has(`2026-${day}`))]),
  ).toEqual(shown);
});
