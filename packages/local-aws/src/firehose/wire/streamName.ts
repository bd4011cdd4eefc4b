import { z } from 'zod';

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html */
export const streamName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'a name of 1 to 64 letters, digits, _ . -');
