import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { AGENTS, type AgentName, DATA_ANALYZERS, STRATEGY_ANALYZERS, VOTERS } from '#contracts/agents.ts';
import { DeskFunction, schedule, undeliveredQueue } from '../constructs/desk-function.ts';
import type { DeskFoundation } from '../constructs/foundation.ts';

export interface DeskStackProps extends StackProps {
  readonly foundation: DeskFoundation;
}

/** Only cycles of this kind go past the market view: before the open nothing can be decided. */
const DECIDING = { kind: ['decision'] };
/** Nobody is asked to vote on nothing. */
const WITH_PROPOSALS = { proposals: { proposalId: [{ exists: true }] } };

/** The 22 agents, the cycle opener and the deliberation, choreographed by rules; schedules in New York time. */
export class DeskStack extends Stack {
  readonly agents: Readonly<Record<AgentName, DeskFunction>>;
  readonly cycle: DeskFunction;
  readonly deliberation: DeskFunction;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: DeskStackProps) {
    super(scope, id, props);
    const { foundation } = props;
    this.undelivered = undeliveredQueue(this);
    const add = (
      name: AgentName | 'cycle' | 'deliberation',
      options: { readonly memoryMegabytes?: number; readonly timeout?: Duration } = {},
    ) => new DeskFunction(this, name, { foundation, name, undelivered: this.undelivered, ...options });
    this.agents = Object.fromEntries(
      AGENTS.map((name) => [
        name,
        add(name, name === 'ml' || name === 'risk' ? { memoryMegabytes: 1024 } : {}),
      ]),
    ) as Record<AgentName, DeskFunction>;
    this.cycle = add('cycle');
    this.deliberation = add('deliberation');

    foundation.acknowledgeIn(this);
    this.#choreograph(foundation);
    this.#grant(foundation);
    this.#schedule(foundation);
  }

  #choreograph({ settings }: DeskFoundation): void {
    const { agents } = this;
    const deadline = Duration.seconds(settings.stageDeadlineSeconds);
    agents.macro.on('Requested', ['CycleRequested']);
    for (const name of DATA_ANALYZERS) agents[name].on('Assessed', ['MacroAssessed']);
    agents.data
      .collects('Answers', ['AnalysisCompleted', 'AnalysisAbstained'])
      .collects('Deadline', ['MacroAssessed'], { delay: deadline });
    for (const name of STRATEGY_ANALYZERS) agents[name].on('Viewed', ['MarketViewPublished'], DECIDING);
    agents.strategy
      .collects('Answers', ['StrategyProposed', 'StrategyAbstained'])
      .collects('Deadline', ['MarketViewPublished'], { delay: deadline, data: DECIDING })
      .on('SentBack', ['IterationRequested']);
    for (const name of VOTERS) {
      agents[name]
        .on('Proposed', ['ProposalSynthesized'], WITH_PROPOSALS)
        .on('Reopened', ['DeliberationRoundOpened']);
    }
    this.deliberation
      .collects('Opinions', ['OpinionGiven'])
      .collects('Deadline', ['ProposalSynthesized', 'DeliberationRoundOpened'], { delay: deadline })
      .on('NothingProposed', ['ProposalSynthesized'], { proposals: { proposalId: [{ exists: false }] } });
    agents.risk.on('Agreed', ['ConsensusReached']);
    agents.reflection.on('RiskAssessed', ['RiskAssessed']);
    agents.execution.on('Cleared', ['DecisionCleared']);
    agents.learning.on('SessionClosed', ['SessionClosed']);
    agents.memory.on('SessionClosed', ['SessionClosed']);
  }

  #grant(foundation: DeskFoundation): void {
    foundation.grantReadState(this.cycle.function);
    foundation.grantWriteState(this.cycle.function, ['SESSION', 'POLICY']);
    foundation.grantPutObjects(this.cycle.function, 'snapshots');
    for (const name of ['learning', 'memory'] as const) foundation.grantReadState(this.agents[name].function);
    foundation.grantWriteState(this.agents.learning.function, ['LEARNING']);
    const memory = this.agents.memory.function;
    memory.addEnvironment('MEMORY_TABLE', foundation.memory.tableName);
    memory.addEnvironment('MEMORY_KEY', foundation.dataKey.keyArn);
    memory.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:Query', 'dynamodb:PutItem'],
        resources: [foundation.memory.tableArn],
      }),
    );
  }

  #schedule({ settings }: DeskFoundation): void {
    const { schedules } = settings;
    const every = (
      name: string,
      expression: string,
      target: DeskFunction,
      input: Readonly<Record<string, unknown>>,
    ) => schedule(this, name, expression, target, { input, undelivered: this.undelivered });
    every('Weekly', schedules.weekly, this.cycle, { task: 'weekly' });
    every('Prepare', schedules.prepare, this.cycle, { task: 'prepare' });
    every('PreMarket', schedules.preMarket, this.cycle, { task: 'pre-market' });
    schedules.decision.forEach((expression, index) => {
      every(`Decision${index}`, expression, this.cycle, { task: 'decision' });
    });
    every('Close', schedules.close, this.cycle, { task: 'close' });
  }
}
