/** The account that the local cloud plays: the one other local AWS tools use, so that their settings fit. */
export const localAccount = {
  id: '000000000000',
  region: 'us-east-1',
  partition: 'aws',
  accessKeyId: 'test',
  secretAccessKey: 'test',
} as const;
