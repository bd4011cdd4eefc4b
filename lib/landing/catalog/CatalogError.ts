import { defineErrorFamily } from '../../base/errors.ts';

/** Why partitions of the catalog do not match the files in the bucket. */
export const CatalogError = defineErrorFamily('system', {
  SLUICE_CATALOG_TABLE_NOT_FOUND: {
    cause: 'A configured Glue table does not exist.',
    cure: 'Run the commands that `npx sluice status` prints of the table: a deployment does not make again what was deleted or renamed by hand. If it prints none, deploy the stack.',
  },
  SLUICE_CATALOG_TABLE_UNFIT: {
    cause:
      'The Glue table does not have `ds` as its only partition key, so day folders cannot be its partitions.',
    cure: 'Drop the table (its files remain) and deploy again. The hourly run registers days of raw tables, the next night those of curated ones, and `sluice ingest backfill` those of a dataset.',
    repeats: 'always',
  },
  SLUICE_CATALOG_MESSAGE_INVALID: {
    cause: 'A message in the queue of the registrar is not an "Object Created" event of S3.',
    cure: 'Read the message in the dead-letter queue and find out who sends to the queue besides the rule.',
  },
  SLUICE_CATALOG_UNAVAILABLE: {
    cause: 'Glue or S3 could not be read in time.',
    cure: 'The message or the run is retried. If the error persists, look up the code in the detail.',
  },
  SLUICE_CATALOG_LISTING_TOO_LONG: {
    cause: 'A table has more pages of partitions or folders than a table of days can have.',
    cure: "Look for folders in the table's folder that Sluice did not create, and for partitions that are not days.",
  },
});
