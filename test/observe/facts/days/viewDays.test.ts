import { GlueClient } from '@aws-sdk/client-glue';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ForwardedKind } from '../../../../lib/schema/kinds.ts';
import { prestoViewText } from '../../../../lib/views/prestoView.ts';
import { viewNames } from '../../../../lib/views/viewNames.ts';
import { views } from '../../../../lib/views/views.ts';
import { readViewDays, type ViewDays } from '../../../../observe/facts/days/viewDays.ts';
import { answeredBy, named } from '../../../harness/answering.ts';

const config = defineConfig({ bucket: 'acme' });
/** The texts of the views, with the days that they read from curated tables. */
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
/** Days at the edges of the ranges in the texts, and beside them. */
const DAYS = ['10-31', '11-01', '11-05', '11-06', '11-07', '11-08', '11-10', '11-11'];

interface ShownView extends Pick<ViewDays, 'view' | 'fault'> {
  /** Those of {@link DAYS} that it reads from the curated table. */
  readonly days: readonly string[];
}

it.each<{ readonly kind: ForwardedKind; readonly shown: readonly ShownView[] }>([
  {
    kind: 'exposures',
    shown: [
      { view: 'experiment_exposures', fault: null, days: ['11-01', '11-05'] },
      { view: 'first_exposures', fault: 'missing', days: [] },
      { view: 'secondary_exposures', fault: 'other', days: [] },
    ],
  },
  { kind: 'events', shown: [{ view: 'product_events', fault: null, days: ['11-08', '11-10'] }] },
])(
  'each view of $kind reads the days of its own text, and none without one of ours',
  async ({ kind, shown }) => {
    const found = await readViewDays({ glue, config }, kind);
    const days = ({ has }: ViewDays) => DAYS.filter((day) => has(`2026-${day}`));
    expect(found.map((view) => ({ view: view.view, fault: view.fault, days: days(view) }))).toEqual(shown);
  },
);
