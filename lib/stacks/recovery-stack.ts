import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { DeskFunction, schedule, undeliveredQueue } from '../constructs/desk-function.ts';
import type { DeskFoundation } from '../constructs/foundation.ts';
import { acknowledgeWildcard, arnText } from '../constructs/nag.ts';

export interface RecoveryStackProps extends StackProps {
  readonly foundation: DeskFoundation;
}

const ATTEMPTS = 3;

/**
 * Replays a failed or interrupted cycle from the journal: the events already there are put on the bus once more, every
 * consumer that has done its part drops the repeat, and whoever had not gets its chance.
 */
export class RecoveryStack extends Stack {
  readonly machine: sfn.StateMachine;
  readonly scan: DeskFunction;
  readonly replay: DeskFunction;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: RecoveryStackProps) {
    super(scope, id, props);
    const { foundation } = props;
    this.undelivered = undeliveredQueue(this);
    this.replay = new DeskFunction(this, 'recovery-replay', {
      foundation,
      name: 'recovery-replay',
      undelivered: this.undelivered,
      environment: { BUS_NAME: foundation.bus.eventBusName },
    });
    foundation.bus.grantPutEventsTo(this.replay.function);
    this.machine = this.#machine(foundation);
    this.scan = new DeskFunction(this, 'recovery-scan', {
      foundation,
      name: 'recovery-scan',
      undelivered: this.undelivered,
      environment: { RECOVERY_MACHINE: this.machine.stateMachineArn },
    });
    foundation.grantReadState(this.scan.function);
    this.machine.grantStartExecution(this.scan.function);
    schedule(this, 'Scan', foundation.settings.schedules.recovery, this.scan, {
      undelivered: this.undelivered,
    });
    foundation.acknowledgeIn(this);
    acknowledgeWildcard(this, '*', 'log delivery and tracing of a state machine take no resource');
    acknowledgeWildcard(
      this,
      `${arnText(this.replay.function)}:*`,
      'the state machine may invoke any version of this one function',
    );
  }

  #machine({ removalPolicy }: DeskFoundation): sfn.StateMachine {
    const replay = tasks.LambdaInvoke.jsonata(this, 'Replay', {
      lambdaFunction: this.replay.function,
      payload: sfn.TaskInput.fromObject({ cycleId: '{% $cycleId %}', attempt: '{% $attempt %}' }),
      outputs: '{% $states.result.Payload %}',
      assign: { attempt: '{% $attempt + 1 %}', outcome: '{% $states.result.Payload.outcome %}' },
      retryOnServiceExceptions: false,
    });
    replay.addRetry({
      errors: ['States.ALL'],
      interval: Duration.seconds(2),
      maxAttempts: 3,
      backoffRate: 2,
    });
    const given = sfn.Pass.jsonata(this, 'Given', {
      assign: { cycleId: '{% $states.input.cycleId %}', attempt: 1 },
    });
    const settle = sfn.Wait.jsonata(this, 'LetItSettle', {
      time: sfn.WaitTime.duration(Duration.seconds(60)),
    });
    const recovered = sfn.Succeed.jsonata(this, 'Recovered', {});
    const failed = sfn.Fail.jsonata(this, 'NotRecovered', {
      error: 'CycleNotRecovered',
      cause: 'the cycle did not finish after its events were replayed',
    });
    const finished = sfn.Choice.jsonata(this, 'Finished?')
      .when(sfn.Condition.jsonata("{% $outcome = 'finished' %}"), recovered)
      .when(sfn.Condition.jsonata(`{% $attempt > ${ATTEMPTS} %}`), failed)
      .otherwise(settle);
    settle.next(replay);
    const logGroup = new logs.LogGroup(this, 'MachineLogs', {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy,
    });
    return new sfn.StateMachine(this, 'Recovery', {
      queryLanguage: sfn.QueryLanguage.JSONATA,
      definitionBody: sfn.DefinitionBody.fromChainable(given.next(replay).next(finished)),
      timeout: Duration.minutes(30),
      tracingEnabled: true,
      logs: { destination: logGroup, level: sfn.LogLevel.ALL, includeExecutionData: false },
      role: new iam.Role(this, 'MachineRole', {
        assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
      }),
    });
  }
}
