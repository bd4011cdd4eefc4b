/** Words that mean one thing here, and another elsewhere. */
export const glossary: readonly (readonly [word: string, meaning: string])[] = [
  [
    'exposure',
    'A record that somebody was shown a gate, experiment or layer. SDKs log one each time it is looked at, at most every few minutes.',
  ],
  [
    'assignment',
    'An exposure that puts a unit in a group (`is_assignment`). Defaults, disabled rules, overrides, shipped experiments and holdouts are exposures too, but no assignments.',
  ],
  [
    'unit',
    'Who or what an experiment randomises: a user, a device (`stable_id`), or one of your own IDs, such as a company.',
  ],
  [
    'resend',
    'The same event again, sent by an SDK that had no answer. It has the same `event_id`; the raw tables hold it, the views do not.',
  ],
  [
    'forwarded',
    'What came from SDKs through the collector, in `statsig_forwarded_exposures` and `statsig_forwarded_events`: the names that Statsig gives its own.',
  ],
  [
    'dataset',
    "A folder of your own Parquet files in S3, a subfolder for each day, that Statsig's S3 ingestion or Sluice reads.",
  ],
  ['drop', 'One day of a dataset, as it was put into the bucket.'],
  [
    'staging database',
    'The Glue database in which Statsig makes tables of its own and drops them. Never that of the tables here.',
  ],
  [
    'Statsig folder',
    'The folder of the bucket that Statsig writes to (`statsigFolder`); the forwarded tables lie in it, beside what it stages.',
  ],
  [
    'quarantine',
    'What came with a valid key and could not become a row, with the reason: [quarantine.md](quarantine.md).',
  ],
];
