import * as z from 'zod';

const instant = z.union([
  z.number().transform((seconds) => seconds * 1000),
  z.string().transform((text, context) => {
    const at = Date.parse(text);
    if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: `not an instant: ${text}` });
    return at;
  }),
]);

const target = z
  .object({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().optional(),
    DeadLetterConfig: z.object({ Arn: z.string().optional() }).strict().optional(),
    RetryPolicy: z
      .object({
        MaximumRetryAttempts: z.coerce.number().default(185),
        MaximumEventAgeInSeconds: z.coerce.number().default(86_400),
      })
      .strict()
      .prefault({}),
    SqsParameters: z.object({ MessageGroupId: z.string() }).strict().optional(),
    EventBridgeParameters: z.object({ DetailType: z.string(), Source: z.string() }).strict().optional(),
  })
  .strict();

/** What a schedule says, in the template and in CreateSchedule. */
export const scheduleDefinition = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  FlexibleTimeWindow: z
    .object({ Mode: z.literal('OFF', 'the local host fires on time: FlexibleTimeWindow.Mode must be OFF') })
    .strict(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  StartDate: instant.optional(),
  EndDate: instant.optional(),
  GroupName: z.string().default('default'),
  Target: target,
});
export type ScheduleDefinition = z.infer<typeof scheduleDefinition>;

/** CreateSchedule and UpdateSchedule. */
export const scheduleInput = scheduleDefinition
  .extend({
    Name: z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/),
    Description: z.string().optional(),
    ClientToken: z.string().optional(),
    KmsKeyArn: z.string().optional(),
    ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  })
  .strict();

/** GetSchedule and DeleteSchedule. */
export const scheduleReference = z
  .object({ Name: z.string(), GroupName: z.string().default('default'), ClientToken: z.string().optional() })
  .strict();
