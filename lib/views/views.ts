import type { Config } from '../config/configSchema.ts';
import { dailyExposures } from './dailyExposures.ts';
import { experimentExposures } from './experimentExposures.ts';
import { firstExposures } from './firstExposures.ts';
import { productEvents } from './productEvents.ts';
import { secondaryExposures } from './secondaryExposures.ts';
import type { View, ViewName } from './View.ts';

/** Their names, in the order in which they are listed everywhere: one that reads another comes after it. */
export const viewNames: readonly ViewName[] = [
  'experiment_exposures',
  'first_exposures',
  'product_events',
  'secondary_exposures',
  'daily_exposures',
];

/** The views of a configuration: what analysts read instead of the raw tables. */
export function views(config: Config): Record<ViewName, View> {
  return {
    experiment_exposures: experimentExposures(config),
    first_exposures: firstExposures(config),
    product_events: productEvents(config),
    secondary_exposures: secondaryExposures(config),
    daily_exposures: dailyExposures(config),
  };
}
