import { abcApplication } from '#lib/abc-application.ts';
import { settingsFor } from '#lib/config/settings.ts';

/**
 * CDK entry. `ABC_ENVIRONMENT` (default local) names the environment; `ABC_SETTINGS` may hold a JSON object of overrides,
 * such as {"broker": {"gatewayImage": "name@sha256:…"}}.
 */
const environment = process.env['ABC_ENVIRONMENT'] ?? 'local';
const overrides = JSON.parse(process.env['ABC_SETTINGS'] ?? '{}') as Record<string, unknown>;
abcApplication({
  settings: settingsFor(environment, overrides),
  outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out',
}).synth();
