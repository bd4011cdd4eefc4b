import * as z from 'zod';
import { flag, singleRegionKeyArn } from '../formats.ts';
import { noted } from '../noted.ts';

/**
 * Resources that exist already and that the stack uses under their configured names instead of creating them. The stack
 * does not change them: docs/deploy.md, "Bringing your own".
 */
export const existingSchema = z
  .strictObject({
    bucket: noted(
      flag().default(false),
      '`bucket` exists. Its settings are yours: `npx sluice doctor` names those that it lacks.',
    ),
    keyArn: noted(
      singleRegionKeyArn().nullable().default(null),
      'The KMS key that the bucket is encrypted with, by its ARN.',
      "the stack makes a key, unless `encryption` is `'s3'`",
    ),
    database: noted(flag().default(false), '`database` exists.'),
    stagingDatabase: noted(flag().default(false), '`athena.stagingDatabase` exists.'),
    workgroup: noted(
      flag().default(false),
      '`athena.workgroup` exists. Its location for results and its scan limit are yours.',
    ),
  })
  .prefault({});
