import * as z from 'zod';
import { noted } from './noted.ts';

/** Days before today of which event names and their types are read: a week that is judged, and the one before. */
export const MONITORED_DAYS = 15;
/** Days for which a table is looked at: a longer gap is told while it lasts, but not found. */
export const FRESH_DAYS = 8;
const MOST_HOURS = 24 * (FRESH_DAYS - 1);

const share = (what: string) => z.number(what).gt(0, 'above 0').lt(1, 'below 1');
const hours = () => z.int('whole hours').min(1, '1 or more').max(MOST_HOURS, `${MOST_HOURS} at most`);
const names = () =>
  z
    .array(z.string('a name').min(1, 'a name').max(256, 'at most 256 characters'), 'a list of names')
    .max(500, 'at most 500 names')
    .default([]);
/** The effect of a threshold: the function that is deployed anyway judges by it. */
const FUNCTIONS = 'functions';

/** Checks on a schedule, with their thresholds. A monitor is turned off with `false`. */
export const monitorsSchema = z.strictObject({
  hour: noted(
    z.int('a whole number').min(0, '0 or more').max(23, '23 at most').default(2),
    {
      text: 'Hour in UTC from which experiments and event names are looked at, once a day. Tables and refusals are looked at every hour.',
      example: 6,
    },
    FUNCTIONS,
  ),
  sampleRatio: noted(
    z
      .union([
        z.literal(false),
        z.strictObject({
          alpha: noted(
            share('a p-value').default(0.001),
            {
              text: 'Share of the experiments with a right split that may be told all the same, over all of their days together.',
              example: 0.01,
            },
            FUNCTIONS,
          ),
          days: noted(
            z.int('whole days').min(2, '2 or more').max(90, '90 at most').default(30),
            {
              text: 'Days that are read. An experiment that is older is not tested; `sluice check` tests it.',
              example: 60,
            },
            FUNCTIONS,
          ),
          ignore: noted(
            names(),
            {
              text: 'Experiments and gates that are not tested. `*` stands for any characters.',
              example: ['qa_*'],
            },
            FUNCTIONS,
          ),
        }),
      ])
      .prefault({}),
    { text: 'Whether units of running experiments are split as expected.', example: false },
    FUNCTIONS,
  ),
  freshness: noted(
    z
      .union([
        z.literal(false),
        z.strictObject({
          hours: noted(
            hours().default(30),
            {
              text: 'Hours without a new row after which a table is late. Only tables that had rows within eight days.',
              example: 2,
            },
            FUNCTIONS,
          ),
          tables: noted(
            z.record(z.string(), z.union([z.literal(false), hours()])).default({}),
            { text: 'Hours of single tables; `false` for none.', example: { acme_orders: 48 } },
            FUNCTIONS,
          ),
        }),
      ])
      .prefault({}),
    { text: 'Whether exposures, events and ingested tables get rows.', example: false },
    FUNCTIONS,
  ),
  events: noted(
    z
      .union([
        z.literal(false),
        z.strictObject({
          leastRows: noted(
            z.int('a whole number').min(1, '1 or more').max(1_000_000_000, '1000000000 at most').default(20),
            {
              text: 'Rows that must be missing, or there, before an event counts as silent or new: fewer may be chance.',
              example: 100,
            },
            FUNCTIONS,
          ),
          ignore: noted(
            names(),
            {
              text: 'Event names that are not looked at. `*` stands for any characters.',
              example: ['debug_*'],
            },
            FUNCTIONS,
          ),
        }),
      ])
      .prefault({}),
    {
      text: 'Whether an event name fell silent, appeared, or changed the type of its value or of a property.',
      example: false,
    },
    FUNCTIONS,
  ),
  refused: noted(
    z
      .union([
        z.literal(false),
        z.strictObject({
          share: noted(
            share('a share').default(0.05),
            {
              text: 'Share of the requests of 24 hours that are refused, or of their events that go to quarantine, from which it is told.',
              example: 0.01,
            },
            FUNCTIONS,
          ),
          least: noted(
            z.int('a whole number').min(1, '1 or more').max(1_000_000_000, '1000000000 at most').default(100),
            { text: 'Requests or events from which a share is judged.', example: 1_000 },
            FUNCTIONS,
          ),
        }),
      ])
      .prefault({}),
    { text: 'Whether many requests are refused, or many events go to quarantine.', example: false },
    FUNCTIONS,
  ),
});

/** The monitors, every default filled in. */
export type Monitors = z.output<typeof monitorsSchema>;

/** Name of the workgroup in which monitors query. */
export function monitorWorkgroup({ athena }: { readonly athena: { readonly workgroup: string } }): string {
  return `${athena.workgroup}-monitors`;
}
