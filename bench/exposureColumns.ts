import { defineConfig } from '../lib/config/defineConfig.ts';

/** The configuration of tables that benchmarks fill. */
export const benchConfig = defineConfig({
  bucket: 'bench',
  unitIds: { companyID: 'company_id' },
});

/** Companies that users belong to. */
const COMPANIES = 5_000;

/** The expressions of columns, over `u` (the user), `h` (a hash of the row), `e` (the experiment), `id`, `day` and `happened`; others are null. */
export const FILLED: Readonly<Record<string, string>> = {
  event_id: 'md5(CAST(id AS VARCHAR))',
  experiment_id: `'experiment_' || e`,
  exposure_type: `CASE WHEN e < 5 THEN 'gate' ELSE 'config' END`,
  // Users stay in their group, except one in a hundred.
  group_id: `'rule_' || e || '_' || (hash(u, e, h % 100 = 0) % 2)`,
  rule_id: `'rule_' || e`,
  is_assignment: 'h // 32 % 10 < 9',
  reason: `'Network:Recognized'`,
  config_version: `'7'`,
  is_manual: 'false',
  user_id: `'user-' || u`,
  stable_id: `md5('device of ' || u)`,
  company_id: `'company-' || u % ${COMPANIES}`,
  custom_ids: `'{"companyID":"company-' || u % ${COMPANIES} || '"}'`,
  timestamp: 'happened',
  client_timestamp: 'happened',
  received_at: 'happened + INTERVAL 2 SECONDS',
  environment: `CASE WHEN h // 64 % 10 = 0 THEN 'staging' ELSE 'production' END`,
  user_dimensions: `'{"country":"GB","custom":{"plan":"pro"},"customIDs":{"companyID":"company-' || u % ${COMPANIES} || '"},"locale":"en_GB","userID":"user-' || u || '"}'`,
  secondary_exposures: `CASE WHEN h % 5 = 0 THEN '[{"gate":"spring_holdout","gateValue":"false","ruleID":"5AhTholdOutRule"}]' END`,
  metadata: `'{"config":"experiment_' || e || '","reason":"Network:Recognized","ruleID":"rule_' || e || '"}'`,
  statsig_metadata: `'{"sdkType":"javascript-client","sdkVersion":"3.33.5","sessionID":"' || md5('session of ' || u || day) || '"}'`,
  session_id: `md5('session of ' || u || day)`,
  sdk_type: `'javascript-client'`,
  sdk_version: `'3.33.5'`,
};
