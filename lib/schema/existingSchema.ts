import * as z from 'zod';
import { singleRegionKeyArn } from './kmsKeyArn.ts';

/**
 * What is there already and only used, under the name that the configuration has for it, instead of made. The stack
 * changes nothing of it: docs/deploy.md, "Bringing your own".
 */
export const existingSchema = z
  .strictObject({
    /** `bucket` is there. Default false. */
    bucket: z.boolean('true or false').default(false),
    /** The KMS key that the bucket is encrypted with, by its ARN. Default null: the stack makes one. */
    keyArn: singleRegionKeyArn().nullable().default(null),
    /** `database` is there. Default false. */
    database: z.boolean('true or false').default(false),
    /** `athena.stagingDatabase` is there. Default false. */
    stagingDatabase: z.boolean('true or false').default(false),
    /** `athena.workgroup` is there. Default false. */
    workgroup: z.boolean('true or false').default(false),
  })
  .prefault({});
