/** Sections of docs/operate.md that alarms and findings lead to. The description of an alarm names one. */
export const operateSections = {
  unfinished: 'A deployment failed',
  late: 'A stream delivers late',
  landing: 'Objects wait in the landing',
  overflow: 'Requests do not get into the stream',
  damaged: 'An object is damaged, or a row is refused',
  undeleted: 'Written objects are not deleted',
  short: 'Events of an hour are missing',
  refused: 'Requests are refused',
  silent: 'No events come in',
  failed: 'Requests are answered 429 or 503',
  quarantine: 'Events are in quarantine',
  groups: 'Experiment groups cannot be read',
  drops: 'A drop is missing or failed',
  exports: 'An export failed',
  curated: 'Days are not curated',
  relay: 'Relay does not deliver',
  abuse: 'Somebody sends what they should not',
  partitions: 'A day is missing from queries',
  changed: 'Somebody changed the stack',
  functions: 'A function fails',
  deadLetters: 'Messages are dead letters',
  readerDenied: 'A reader is denied',
} as const;

/** A name of one of {@link operateSections}. */
export type OperateSection = keyof typeof operateSections;
