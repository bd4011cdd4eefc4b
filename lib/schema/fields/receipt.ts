import * as z from 'zod';
import { noted } from './noted.ts';

/** Default folder of receipts in a customer's bucket. */
const DEFAULT_PREFIX = 'sluice-receipts';

/** Nothing in it means something else in the ARN of a policy, and no part is `.` or `..`. */
const PREFIX = /^(?!(.*\/)?\.\.?(\/|$))[\w.=-]+(\/[\w.=-]+)*$/;

/** Settings of the receipts that a customer gets for loads of their files: docs/ingest-customer.md, "Receipts". */
export const receiptSchema = z
  .strictObject({
    bucket: noted(z.boolean('true or false').default(false), {
      text: "Write it into the customer's bucket, which has to allow `s3:PutObject` on `prefix`. Anything but `true` is refused: leave `receipt` out for no receipts.",
      example: true,
    }),
    prefix: noted(
      z
        .string('a folder')
        .regex(PREFIX, 'a folder of letters, digits and _ . = -, without slash at either end')
        .max(200, 'a folder of at most 200 characters')
        .default(DEFAULT_PREFIX),
      { text: "Folder of receipts in the bucket, apart from every dataset's.", example: 'receipts' },
    ),
  })
  .refine(({ bucket }) => bucket, { path: ['bucket'], message: 'true: leave `receipt` out for no receipts' });
