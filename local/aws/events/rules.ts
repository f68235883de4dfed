import * as z from 'zod';
import type { Caller } from '../../host/kernel.ts';
import { DEFAULT_RETRY_POLICY, type Route } from './deliveries.ts';
import { compileEventPattern, type EventPattern, exactDetailTypes } from './event-pattern.ts';
import { compileInput, type InputTransformer } from './input-transformer.ts';

const target = z
  .object({
    Id: z.string(),
    Arn: z.string(),
    RoleArn: z.string().optional(),
    Input: z.string().optional(),
    InputPath: z.string().optional(),
    InputTransformer: z
      .object({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
      .optional(),
    SqsParameters: z.object({ MessageGroupId: z.string() }).optional(),
    DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
    RetryPolicy: z
      .object({
        MaximumRetryAttempts: z.coerce.number().optional(),
        MaximumEventAgeInSeconds: z.coerce.number().optional(),
      })
      .optional(),
  })
  .strict();

/** Properties of `AWS::Events::Rule` that the host honours. */
export const ruleProperties = z.object({
  EventBusName: z.string().optional(),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(target).max(5).default([]),
});

/** A rule with its pattern and its targets compiled. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  enabled: boolean;
  readonly matches: EventPattern | undefined;
  readonly detailTypes: ReadonlySet<string> | undefined;
  readonly scheduleExpression: string | undefined;
  readonly targets: readonly { readonly route: Route; readonly shape: InputTransformer }[];
}

/** Compiles a rule. @throws InvalidEventPatternError, TypeError */
export function compileRule(
  identity: { readonly name: string; readonly arn: string; readonly busName: string },
  properties: z.infer<typeof ruleProperties>,
): Rule {
  const { EventPattern: pattern } = properties;
  return {
    ...identity,
    enabled: properties.State === 'ENABLED',
    matches: pattern === undefined ? undefined : compileEventPattern(pattern),
    detailTypes: exactDetailTypes(pattern),
    scheduleExpression: properties.ScheduleExpression,
    targets: properties.Targets.map((settings) => {
      const sender: Caller =
        settings.RoleArn === undefined
          ? { kind: 'service', principal: 'events.amazonaws.com', sourceArn: identity.arn }
          : { kind: 'role', roleArn: settings.RoleArn, sessionName: 'events' };
      const route: Route = {
        key: `${identity.arn}#${settings.Id}`,
        sourceArn: identity.arn,
        targetArn: settings.Arn,
        sender,
        messageGroupId: settings.SqsParameters?.MessageGroupId,
        maximumRetryAttempts:
          settings.RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRY_POLICY.maximumRetryAttempts,
        maximumEventAgeMillis: (settings.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400) * 1000,
        deadLetterArn: settings.DeadLetterConfig?.Arn,
      };
      return { route, shape: compileInput(settings, identity) };
    }),
  };
}

/** The rules of one bus, found by detail-type. */
export class RuleIndex {
  readonly #rules: Rule[] = [];
  readonly #candidates = new Map<string, readonly Rule[]>();

  add(rule: Rule): void {
    this.#rules.push(rule);
    this.#candidates.clear();
  }

  get all(): readonly Rule[] {
    return this.#rules;
  }

  /** Rules that an event of this detail-type may fit, in the order in which they were added. */
  candidates(detailType: string): readonly Rule[] {
    const known = this.#candidates.get(detailType);
    if (known !== undefined) return known;
    const found = this.#rules.filter(
      (rule) =>
        rule.matches !== undefined && (rule.detailTypes === undefined || rule.detailTypes.has(detailType)),
    );
    this.#candidates.set(detailType, found);
    return found;
  }
}
