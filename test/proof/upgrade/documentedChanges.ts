import type { DocumentedChanges } from './compare.ts';
import { isEarlier } from './releases.ts';

/** Every change that an upgrade may show. Whatever else changes is a fault. */
const changes: DocumentedChanges = {
  rows: [
    {
      since: '0.3.0',
      reason: 'Shipped, abandoned and held-out exposures are no assignments: docs/upgrade.md',
      names: ['sluice.experiment_exposures', 'sluice.first_exposures', 'sluice.daily_exposures'],
      explains: ({ group_id }) => group_id === 'launchedGroup' || group_id === 'abandoned',
    },
  ],
  resources: [
    {
      since: '0.2.0',
      reason:
        'Secrets of readers have a name in place of a generated one; the access keys in them stay: docs/upgrade.md',
      is: /Reader\w+Secret(\.Name)? was /,
    },
    {
      since: '0.3.0',
      reason: 'Functions keep no versions any more: nothing uses them, and CloudFormation keeps every one',
      is: /LambdaVersion\w+ was AWS::Lambda::Version \S+, is gone$/,
    },
    {
      since: '0.3.0',
      reason: 'The writer adopts what redrive delivered: docs/upgrade.md',
      is: /^resource (Redrive\w+|UndeliveredRule|StragglersSchedule(Role)?) was AWS::\S+ .*, is gone$/,
    },
    {
      since: '0.3.0',
      reason:
        "The messages of redrive's queues name objects that stay in the bucket, where the writer finds them",
      is: /^Redrive(DeadLetter)?Queue \(AWS::SQS::Queue\) is gone: it would be deleted$/,
    },
    {
      since: '0.3.0',
      reason: 'What is parked is counted in the log of the writer: docs/upgrade.md',
      is: /^resource ParkedMetric was AWS::Logs::MetricFilter /,
    },
    {
      since: '0.3.0',
      reason: 'Exports have an alarm for each schedule in its place',
      is: /^resource ExportFailedAlarm was AWS::CloudWatch::Alarm \S+, is gone$/,
    },
  ],
  answers: [
    {
      since: '0.3.0',
      reason:
        'The collector refuses other methods with a code, where the gateway did without one: docs/answers.md',
      is: /^answer to another method was 404 application\/json +\{\}, is 405 application\/json +\{"success":false,"code":"SLUICE_METHOD_NOT_ALLOWED"\}$/,
    },
  ],
  rollback: [
    {
      since: '0.3.0',
      reason: 'The table has no partitions, and its file stays: docs/upgrade.md',
      is: /^sluice\.experiment_groups is gone$/,
    },
    {
      since: '0.3.0',
      reason: 'The view is new, and holds no rows of its own: docs/upgrade.md',
      is: /^sluice\.unit_links is gone$/,
    },
    {
      since: '0.3.0',
      reason: 'The view is new, and holds no rows of its own: docs/upgrade.md',
      is: /^sluice\.statsig_first_exposures is gone$/,
    },
    {
      since: '0.3.0',
      reason: 'The tables of curated days hold what the raw days hold: docs/upgrade.md',
      is: /^sluice\.curated_(exposures|events)( ds=\S+)? is gone$/,
    },
  ],
};

/** How many `event_id`s an event of a browser has that a release and today's version received: docs/upgrade.md. */
export function eventIdsSince(version: string): number {
  return isEarlier(version, '0.3.0') ? 2 : 1;
}

/** The changes between a release and today's version. */
export function changesSince(version: string): DocumentedChanges {
  return {
    rows: changes.rows.filter(({ since }) => isEarlier(version, since)),
    resources: changes.resources.filter(({ since }) => isEarlier(version, since)),
    answers: changes.answers.filter(({ since }) => isEarlier(version, since)),
    rollback: changes.rollback.filter(({ since }) => isEarlier(version, since)),
  };
}
