import * as z from 'zod';
import { isUtcDay } from '../../base/time.ts';
import { exactName } from '../formats.ts';
import { named, noted } from '../noted.ts';

/** Shares of an experiment's groups, e.g. `{ control: 50, treatment: 50 }`: group ID or name, and its weight. */
const splitSchema = z
  .record(exactName('a group'), z.number('a number').positive('a number above 0'), 'weights by group')
  .refine((split) => Object.keys(split).length > 1, 'at least two groups');

/** The name of an experiment, as Statsig has it. */
const experimentName = () => exactName('an experiment name');

/**
 * Experiments by name. `split` has the weights of an experiment's groups, which `sluice check` compares. No experiment
 * has two entries with a split.
 */
export const experimentsSchema = z
  .array(
    z.union(
      [
        experimentName(),
        named(
          'ExperimentInput',
          z.strictObject({
            name: noted(experimentName(), 'Name of the experiment.'),
            split: noted(
              splitSchema,
              'Weights of its groups, by group ID or name, with which `sluice check` compares what came in.',
            ),
            since: noted(
              z.string('a day').refine(isUtcDay, 'a day of the calendar, YYYY-MM-DD').optional(),
              'First whole day of this split, UTC, if it was changed while the experiment runs. Units that were first exposed before are not compared.',
              'all units',
            ),
          }),
        ),
      ],
      'an experiment name, or { name, split, since }',
    ),
  )
  .superRefine((experiments, context) => {
    const taken = new Set<string>();
    for (const [i, experiment] of experiments.entries()) {
      if (typeof experiment === 'string') continue;
      if (taken.has(experiment.name))
        context.addIssue({ code: 'custom', path: [i, 'name'], message: 'one split for each experiment' });
      taken.add(experiment.name);
    }
  });
