import * as z from 'zod';
import { singleRegionKeyArn } from '../formats.ts';
import { noted } from './noted.ts';

/**
 * Resources that exist already and that the stack uses under their configured names instead of creating them. The stack
 * does not change them: docs/deploy.md, "Bringing your own".
 */
export const existingSchema = z
  .strictObject({
    bucket: noted(z.boolean('true or false').default(false), {
      text: '`bucket` exists. Its settings are yours: `npx sluice doctor` names those that it lacks. Needs `keyArn`.',
      example: true,
    }),
    keyArn: noted(singleRegionKeyArn().nullable().default(null), {
      text: 'The KMS key that the bucket is encrypted with, by its ARN.',
      absent: 'the stack makes a key',
      example: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    }),
    database: noted(z.boolean('true or false').default(false), { text: '`database` exists.', example: true }),
    stagingDatabase: noted(z.boolean('true or false').default(false), {
      text: '`athena.stagingDatabase` exists.',
      example: true,
    }),
    workgroup: noted(z.boolean('true or false').default(false), {
      text: '`athena.workgroup` exists. Its location for results and its scan limit are yours.',
      example: true,
    }),
  })
  .prefault({});
