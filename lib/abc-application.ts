import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { FUNCTION_ENTRIES } from './config/functions.ts';
import type { Settings } from './config/settings.ts';
import { bundleContainer, bundleFunctions } from './constructs/bundles.ts';
import { DeskFoundation } from './constructs/foundation.ts';
import { AuditStack } from './stacks/audit-stack.ts';
import { BrokerStack } from './stacks/broker-stack.ts';
import { BusStack } from './stacks/bus-stack.ts';
import { DeskStack } from './stacks/desk-stack.ts';
import { ObservabilityStack } from './stacks/observability-stack.ts';
import { RecoveryStack } from './stacks/recovery-stack.ts';
import { RiskStack } from './stacks/risk-stack.ts';
import { StateStack } from './stacks/state-stack.ts';

export interface AbcApplicationOptions {
  readonly settings: Settings;
  readonly outdir?: string;
  /** False leaves handlers and container out (template tests). */
  readonly bundling?: boolean;
  /** False leaves cdk-nag and CDK's template validation out, for a quick local start; the gate runs with them. */
  readonly checks?: boolean;
}

/** The whole application for one environment: the same assembly for AWS and for the embedded host. */
export function abcApplication(options: AbcApplicationOptions): App {
  const { settings, bundling = true, checks = true } = options;
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: checks,
    ...(options.outdir === undefined ? {} : { outdir: options.outdir }),
  });
  // Of each call its own, and gone with it: what is needed of it has been staged into the assembly by then.
  const build = mkdtempSync(join(tmpdir(), 'abc-bundles-'));
  try {
    const bundles = bundling ? bundleFunctions(FUNCTION_ENTRIES, join(build, 'functions')) : null;
    const bridgeImage = bundling
      ? bundleContainer(
          'ecs/ib-gateway/Dockerfile',
          { bridge: 'ecs/ib-gateway/main.ts', health: 'ecs/ib-gateway/health.ts' },
          join(build, 'ib-gateway'),
        )
      : null;
    addStacks(app, settings, bundles, bridgeImage);
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
  Tags.of(app).add('application', 'abc-application');
  Tags.of(app).add('environment', settings.environment);
  if (checks) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

function addStacks(
  app: App,
  settings: Settings,
  bundles: Readonly<Record<string, string>> | null,
  bridgeImage: string | null,
): void {
  const name = (part: string) => `Abc-${settings.environment}-${part}`;
  const state = new StateStack(app, name('State'), { settings });
  const { bus } = new BusStack(app, name('Bus'), {});
  const foundation = new DeskFoundation({
    settings,
    bus,
    bundles,
    journal: state.journal,
    state: state.state,
    idempotency: state.idempotency,
    memory: state.memory,
    objects: state.objects,
    dataKey: state.dataKey,
  });
  const desk = new DeskStack(app, name('Desk'), { foundation });
  const risk = new RiskStack(app, name('Risk'), { foundation });
  const broker = new BrokerStack(app, name('Broker'), { foundation, bridgeImage });
  const audit = new AuditStack(app, name('Audit'), { foundation });
  const recovery = new RecoveryStack(app, name('Recovery'), { foundation });
  new ObservabilityStack(app, name('Observability'), {
    settings,
    dataKey: state.dataKey,
    deadLetters: {
      Desk: desk.undelivered,
      Risk: risk.undelivered,
      Broker: broker.undelivered,
      Audit: audit.undelivered,
      Recovery: recovery.undelivered,
      Intents: risk.failed[0] as typeof risk.undelivered,
      Ledger: risk.failed[1] as typeof risk.undelivered,
      Commands: broker.failedCommands,
    },
    streamReaders: { Relay: audit.relay.function, Integrator: audit.integrator.function },
    functions: {
      Gate: risk.gate.function,
      Portfolio: risk.portfolio.function,
      Breakers: risk.breakers.function,
      Relay: audit.relay.function,
      Checkpoint: audit.checkpoint.function,
      Cycle: desk.cycle.function,
    },
  });
}
