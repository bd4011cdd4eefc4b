/** Logical IDs of what the export has. */
export const exportIds = {
  queue: 'ExportQueue',
  deadLetters: 'ExportDeadLetterQueue',
  role: 'ExportRole',
} as const;
