import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { LEDGER_EVENTS } from '#core/portfolio/ledger.ts';
import { DeskFunction, schedule, undeliveredQueue } from '../constructs/desk-function.ts';
import type { DeskFoundation } from '../constructs/foundation.ts';
import { acknowledgeWildcard } from '../constructs/nag.ts';

export interface RiskStackProps extends StackProps {
  readonly foundation: DeskFoundation;
}

/** The gate, the ledger with its breakers, pyramiding and the risk report. Only gate and ledger may write the book, only the gate authorizes. */
export class RiskStack extends Stack {
  readonly gate: DeskFunction;
  readonly portfolio: DeskFunction;
  readonly breakers: DeskFunction;
  readonly pyramiding: DeskFunction;
  readonly report: DeskFunction;
  readonly undelivered: Queue;
  /** FIFO dead-letter queues: an intent or a broker event that could not be dealt with. */
  readonly failed: readonly Queue[];

  constructor(scope: Construct, id: string, props: RiskStackProps) {
    super(scope, id, props);
    const { foundation } = props;
    foundation.acknowledgeIn(this);
    this.undelivered = undeliveredQueue(this);
    const add = (name: 'gate' | 'portfolio' | 'breakers' | 'pyramiding' | 'risk-report') =>
      new DeskFunction(this, name, { foundation, name, undelivered: this.undelivered });
    this.gate = add('gate');
    this.portfolio = add('portfolio');
    this.breakers = add('breakers');
    this.pyramiding = add('pyramiding');
    this.report = add('risk-report');

    this.failed = [
      this.gate.serializes('Intents', ['OrderPlanned', 'CancelPlanned', 'StopMovePlanned'], 'account'),
      this.portfolio.serializes('Ledger', [...LEDGER_EVENTS, 'DailyHistoryObserved'], 'account'),
    ];
    this.breakers.on('Tripped', ['TradingHalted', 'TradingReducing']).on('StillHeld', ['PortfolioRevalued'], {
      tradingState: ['HALTED'],
      openPositions: [{ numeric: ['>', 0] }],
    });
    // In any state: nothing is added but in ACTIVE, stops are raised always.
    this.pyramiding.on('Revalued', ['PortfolioRevalued'], {
      cause: ['bar'],
      openPositions: [{ numeric: ['>', 0] }],
    });

    for (const one of [this.gate, this.portfolio, this.breakers, this.pyramiding, this.report])
      foundation.grantReadState(one.function);
    foundation.grantWriteState(this.gate.function, ['BOOK', 'AUTHORIZATION']);
    foundation.grantWriteState(this.portfolio.function, ['BOOK', 'HALT', 'MARKET#*']);

    const operator = new ManagedPolicy(this, 'Operator', {
      description: 'abc: what a person needs to halt, resume, reconcile and look, by the command line',
    });
    foundation.grantOperate(operator);
    acknowledgeWildcard(operator, '*', 'tables can be listed or not; there is no list of some');
    new CfnOutput(this, 'OperatorPolicy', { value: operator.managedPolicyArn });

    schedule(this, 'Report', foundation.settings.schedules.midday, this.report, {
      undelivered: this.undelivered,
    });
  }
}
