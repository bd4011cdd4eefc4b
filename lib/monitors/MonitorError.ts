import { defineErrorFamily } from '../base/errors.ts';

/** Why monitors could not look, or could not tell. */
export const MonitorError = defineErrorFamily('system', {
  SLUICE_MONITOR_LOOK_FAILED: {
    cause: 'A monitor could not look.',
    cure: 'No action is needed for one run: the next one looks again. If it persists, read the detail: the queries run in the workgroup of the monitors, with its limit of bytes and the rights of the function.',
  },
  SLUICE_MONITOR_NOT_TOLD: {
    cause: 'The topic did not take what monitors found.',
    cure: 'It is told by the next run. If it persists, check that the topic of `alarms.topicArn` exists and, if a key encrypts it, that the key lets the role of the function use it: docs/monitors.md.',
  },
  SLUICE_MONITOR_STATE_UNREADABLE: {
    cause: 'The object with what monitors found is not what they write.',
    cure: 'Restore an earlier version of the object that the detail names, or delete it: then all that holds is told again.',
  },
  SLUICE_MONITOR_STATE_BUSY: {
    cause: 'Other writes of what monitors found came first every time.',
    cure: 'Run it again.',
  },
  SLUICE_MONITOR_ENVIRONMENT_INVALID: {
    cause: 'The environment of the function is not what serverless.yml gives it.',
    cure: 'Deploy again. Check what else sets the variables that the detail names.',
  },
  SLUICE_MONITOR_INVOCATION_UNKNOWN: {
    cause: 'The function was invoked with something else than a run.',
    cure: 'Invoke it with `{"sluice":"monitor"}`.',
  },
});
