import { defineErrorFamily } from '../../base/errors.ts';

/** What can go wrong between the files in the bucket and the partitions of the catalog. */
export const CatalogError = defineErrorFamily('system', {
  SLUICE_CATALOG_TABLE_NOT_FOUND: {
    cause: 'The Glue table of a configured name is not there.',
    cure: 'Deploy the stack: it creates the tables. If it was renamed or deleted by hand, deploy again.',
  },
  SLUICE_CATALOG_TABLE_UNFIT: {
    cause:
      'The Glue table does not have `ds` as its only partition key, so day folders cannot be its partitions.',
    cure: 'Drop the table (its files stay where they are) and deploy again; the daily run registers its days.',
  },
  SLUICE_CATALOG_MESSAGE_INVALID: {
    cause: 'A message of the queue that feeds the registrar is no "Object Created" event of S3.',
    cure: 'Look at it in the dead-letter queue, where it ends, and find who sends to the queue besides the rule.',
  },
  SLUICE_CATALOG_INVOCATION_UNKNOWN: {
    cause: 'The registrar was invoked with neither messages of a queue nor the daily run.',
    cure: 'Invoke it with {"sluice":"daily"} to repair the partitions by hand.',
  },
  SLUICE_CATALOG_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of the registrar is missing or empty.',
    cure: 'Deploy again: serverless.yml sets it.',
  },
  SLUICE_CATALOG_UNAVAILABLE: {
    cause: 'Glue or S3 could not be read in time.',
    cure: 'Nothing: the message or the run is tried again. If it stays, look at the code in the detail.',
  },
  SLUICE_CATALOG_PARTITIONS_FAILED: {
    cause: 'Partitions could not be registered or brought up to date.',
    cure: 'Nothing if it passes: the next run repairs it. If it stays, look at the codes in the detail.',
  },
  SLUICE_CATALOG_LISTING_TOO_LONG: {
    cause: 'A table has more pages of partitions or folders than a table of days can have.',
    cure: 'Look for folders that are not ours beside the days in the folder of the table, or for partitions that are no days.',
  },
});
