import { type CuratedDays, nothingCurated } from './curatedDays.ts';
import { dailyExposures } from './dailyExposures.ts';
import { experimentExposures } from './experimentExposures.ts';
import { firstExposures } from './firstExposures.ts';
import { productEvents } from './productEvents.ts';
import { secondaryExposures } from './secondaryExposures.ts';
import type { View, ViewConfig, ViewName } from './View.ts';

/**
 * The views of a configuration: what analysts read instead of the raw tables.
 *
 * @param curated The days that views read from the curated tables. Default none. With any of them, the rows are the
 * same.
 */
export function views(config: ViewConfig, curated: CuratedDays = nothingCurated): Record<ViewName, View> {
  return {
    experiment_exposures: experimentExposures(config, curated.exposures),
    first_exposures: firstExposures(config, curated.exposures),
    product_events: productEvents(config, curated.events),
    secondary_exposures: secondaryExposures(config, curated.exposures),
    daily_exposures: dailyExposures(config),
  };
}
