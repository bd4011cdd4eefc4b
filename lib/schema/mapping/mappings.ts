import * as z from 'zod';
import { named, noted } from '../noted.ts';
import {
  areDistinct,
  byName,
  columnName,
  EACH_ONCE,
  field,
  hasNoNul,
  jsonObject,
  number,
  time,
} from './fieldSource.ts';

/** Fields under names of the user's own: unit IDs by type, metadata by key. */
const fields = z.record(
  z.string().min(1).refine(hasNoNul, 'a name without a NUL'),
  field,
  "a name and where it comes from, e.g. { userID: 'uid' }",
);

/** What an event or an exposure has besides its own columns. */
const metadata = {
  metadata: noted(
    z
      .union(
        [
          z
            .array(columnName())
            .refine(areDistinct, EACH_ONCE)
            .transform((names) => Object.fromEntries(names.map((name) => [name, byName.parse(name)]))),
          fields,
        ],
        "a list of columns, or keys and where they come from, e.g. { plan: 'plan_name' }",
      )
      .default({}),
    'Members of the metadata: a list of columns, or keys and where each comes from.',
  ),
  metadataJson: noted(
    jsonObject.optional(),
    'A JSON object whose members become members of the metadata.',
    'none',
  ),
};

/** What the reference says of the type of a unit. */
const UNIT_TYPE = 'Kind of the unit ID.';

/** One user doing one thing. */
export const eventsMapping = named(
  'EventsMappingInput',
  z.strictObject({
    timestamp: noted(time.prefault('timestamp'), 'When it happened.'),
    eventName: noted(field.prefault('event_name'), 'Name of the event.'),
    eventValue: noted(field.optional(), 'Value of the event.', 'none'),
    unitIds: noted(
      fields
        .refine((ids) => Object.keys(ids).length > 0, 'at least one unit ID')
        .prefault({ userID: 'unit_id' }),
      'Unit IDs by type.',
    ),
    ...metadata,
  }),
).prefault({});

/** One metric of one unit on one day. */
export const metricsMapping = named(
  'MetricsMappingInput',
  z
    .strictObject({
      unitId: noted(field.prefault('unit_id'), 'The unit ID.'),
      idType: noted(field.prefault('id_type'), UNIT_TYPE),
      date: noted(time.prefault('date'), 'The day of the metric.'),
      metricName: noted(field.prefault('metric_name'), 'Name of the metric.'),
      metricValue: noted(
        number.optional(),
        'Value of the metric.',
        'the column `metric_value`, or none with `numerator` and `denominator`',
      ),
      numerator: noted(number.optional(), 'Numerator of a ratio. A row that has both has no value.', 'none'),
      denominator: noted(number.optional(), 'Denominator of a ratio.', 'none'),
    })
    .refine(
      ({ numerator, denominator }) => (numerator === undefined) === (denominator === undefined),
      'numerator and denominator, both or neither',
    ),
).prefault({});

/** One unit's exposure to one group. */
export const exposuresMapping = named(
  'ExposuresMappingInput',
  z.strictObject({
    timestamp: noted(time.prefault('timestamp'), 'When the unit was exposed.'),
    experiment: noted(field.prefault('experiment'), 'Name of the experiment.'),
    group: noted(field.prefault('group_id'), 'The group.'),
    unitId: noted(field.prefault('unit_id'), 'The unit ID.'),
    unitType: noted(field.prefault({ constant: 'userID' }), UNIT_TYPE),
    ...metadata,
  }),
).prefault({});

/** The validated mapping of ingested events. */
export type EventsMapping = z.output<typeof eventsMapping>;

/** The validated mapping of ingested metrics. */
export type MetricsMapping = z.output<typeof metricsMapping>;

/** The validated mapping of ingested exposures. */
export type ExposuresMapping = z.output<typeof exposuresMapping>;
