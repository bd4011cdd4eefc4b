/** The steps of a trial, with estimates of their seconds on AWS, where nobody has measured them yet. */
export const EXPECTED_SECONDS = {
  look: 20,
  deploy: 360,
  key: 40,
  probe: 360,
  drop: 180,
  alarm: 240,
  remove: 300,
} as const;

/** A step of a trial. */
export type StepName = keyof typeof EXPECTED_SECONDS;
