import { allow, arnOf, ref, roleFor, type StackSource } from './assembly-writer.ts';

/** A placeholder that DefinitionSubstitutions fills. */
const substituted = (name: string): string => `$\{${name}}`;

const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Pass', Assign: { limit: '{% $states.input.limit %}' }, Next: 'Pause' },
    Pause: { Type: 'Wait', Seconds: 60, Next: 'Each' },
    Each: {
      Type: 'Map',
      Items: '{% [1..$limit] %}',
      ItemProcessor: {
        StartAt: 'Double',
        States: {
          Double: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Arguments: { FunctionName: substituted('Doubler'), Payload: { number: '{% $states.input %}' } },
            Output: '{% $states.result.Payload.doubled %}',
            Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 2 }],
            Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
            End: true,
          },
          Caught: { Type: 'Pass', Output: '{% $states.input.Error %}', End: true },
        },
      },
      Assign: { doubled: '{% $states.result %}' },
      Next: 'Enough',
    },
    Enough: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $count($doubled) > 2 %}', Next: 'Tell' }],
      Default: 'TooFew',
    },
    Tell: {
      Type: 'Task',
      Resource: 'arn:aws:states:::events:putEvents',
      Arguments: {
        Entries: [
          {
            EventBusName: substituted('Bus'),
            Source: 'machine',
            DetailType: 'Doubled.v1',
            Detail: { doubled: '{% $doubled %}' },
          },
        ],
      },
      Output: '{% $doubled %}',
      End: true,
    },
    TooFew: { Type: 'Fail', Error: 'TooFew', Cause: '{% "only " & $string($count($doubled)) %}' },
  },
};

/** A state machine over a function that fails in every way, and a schedule that starts it. */
export const machine: StackSource = {
  functions: {
    Doubler: {
      source: `
        let flaky = 1;
        export const handler = async ({ number }: any) => {
          if (number === 2 && flaky-- > 0) { const error = new Error('once'); error.name = 'Flaky'; throw error; }
          if (number === 3) { const error = new Error('always'); error.name = 'Broken'; throw error; }
          return { doubled: number * 2 };
        };`,
    },
  },
  resources: {
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'desk' } },
    MachineRole: roleFor('states.amazonaws.com', [
      allow(['lambda:InvokeFunction'], arnOf('Doubler')),
      allow(['events:PutEvents'], arnOf('Bus')),
    ]),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        RoleArn: arnOf('MachineRole'),
        DefinitionString: JSON.stringify(definition),
        DefinitionSubstitutions: { Doubler: arnOf('Doubler'), Bus: ref('Bus') },
      },
    },
    ScheduleRole: roleFor('scheduler.amazonaws.com', [allow(['states:StartExecution'], ref('Machine'))]),
    Daily: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'cron(30 9 ? * MON-FRI *)',
        ScheduleExpressionTimezone: 'America/New_York',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: ref('Machine'),
          RoleArn: arnOf('ScheduleRole'),
          Input: '{"limit":4,"at":"<aws.scheduler.scheduled-time>"}',
        },
      },
    },
  },
};
