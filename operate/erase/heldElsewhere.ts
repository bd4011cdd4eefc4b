import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { MADE_TABLES_FOLDER, READER_TABLES_FOLDER } from '../../lib/tables/objectKeys.ts';
import { SHOWN_DAYS, sluiceCommand } from '../../observe/commands.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { deploymentOptions } from '../../observe/target.ts';

/** A place that may hold rows of a unit, out of reach of the command. */
export interface ElsewhereHeld {
  /** The place, in a few words. */
  readonly what: string;
  /** A bucket and prefix, or an address. */
  readonly where: string;
  /** The steps to take there. */
  readonly todo: string;
}

/**
 * Lists places that may hold rows of a unit, but are not the deployment's own bucket or cannot be searched. They are
 * derived from the configuration; docs/privacy.md has the places that every deployment has.
 */
export function heldElsewhere(
  deployment: Pick<Deployment, 'config' | 'stack' | 'aws' | 'isLocal'>,
): readonly ElsewhereHeld[] {
  const { config } = deployment;
  const where = deploymentOptions(deployment);
  return [
    {
      what: 'Statsig',
      where: 'https://api.statsig.com',
      todo: 'Statsig has events that SDKs send to it, and rows that it imported. Ask for their deletion: POST /v1/delete_user_data, for units of type user_id (https://docs.statsig.com/compliance/user_data_deletion_requests), without a contract of Enterprise their support.',
    },
    ...config.exports.map((exported) => {
      const days = `${SHOWN_DAYS.most}`;
      const status = sluiceCommand(where, ['export', 'status', '--export', exported.name, '--days', days]);
      return {
        what: `export ${exported.name}`,
        where: `s3://${exported.target.bucket}/${exportFolder(exported)}`,
        todo: `The command asks the export for each changed day that it has exported before: \`${status}\` shows them. The owner of the bucket deletes old versions, and copies made from it.`,
      };
    }),
    ...config.sources.map((source) => ({
      what: `source ${source.name}`,
      where: `s3://${source.bucket}/`,
      todo: 'The customer deletes the rows in their bucket. A day that they change, or that is loaded again, brings back what they left.',
    })),
    ...relayHolds(config),
    ...config.readers.flatMap((reader) => {
      const { queryResultDays: days } = config.retention;
      const expiry =
        days === null
          ? 'Results of queries do not expire there, as `retention.queryResultDays` is null: delete them.'
          : `Results of queries expire there after ${days} days: delete them if that is too late.`;
      return reader.kind === 'owox'
        ? [
            {
              what: `results of ${reader.name}`,
              where: `s3://${reader.resultsBucket}/`,
              todo: `${expiry} What the reader has stored elsewhere is theirs to delete.`,
            },
          ]
        : [];
    }),
    {
      what: 'tables that readers made',
      where: `s3://${config.bucket}/${READER_TABLES_FOLDER}*/${MADE_TABLES_FOLDER}`,
      todo: 'Readers know what they mean: make them again from the tables, or drop them.',
    },
  ];
}

/** Where relay has copies; nothing without relay. */
function relayHolds({ relay }: Pick<Deployment['config'], 'relay'>): readonly ElsewhereHeld[] {
  if (relay === undefined) return [];
  return [
    {
      what: 'relay: copies and its target',
      where: 'url' in relay ? relay.url : 'Statsig',
      todo: 'Delivered copies are there: delete the user there, too. A queue cannot be searched: most copies leave it within seconds, and all within eleven days.',
    },
  ];
}
